// SPDX-License-Identifier: GPL-3.0-or-later
#include <pybind11/pybind11.h>

#include <gnuradio/lwmspectro/tokenizer.h>

namespace py = pybind11;

void bind_tokenizer_block(py::module& m)
{
    using gr::lwmspectro::tokenizer;
    py::class_<tokenizer, gr::block, gr::basic_block, std::shared_ptr<tokenizer>>(
        m, "tokenizer", "I/Q samples to windows of tokens for a model.")
        .def(py::init(&tokenizer::make),
             py::arg("samp_rate"),
             py::arg("spec") = gr::lwmspectro::window_spec(),
             py::arg("center_freq") = 0.0)
        .def("samp_rate", &tokenizer::samp_rate)
        .def("set_samp_rate", &tokenizer::set_samp_rate, py::arg("samp_rate"))
        .def("center_freq", &tokenizer::center_freq)
        .def("set_center_freq", &tokenizer::set_center_freq, py::arg("center_freq"))
        .def("windows", &tokenizer::windows)
        .def("nonfinite", &tokenizer::nonfinite);
}
