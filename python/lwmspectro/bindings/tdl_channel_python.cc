// SPDX-License-Identifier: GPL-3.0-or-later
#include <pybind11/pybind11.h>

#include <gnuradio/lwmspectro/tdl_channel.h>

namespace py = pybind11;

void bind_tdl_channel_block(py::module& m)
{
    using gr::lwmspectro::tdl_channel;
    py::class_<tdl_channel,
               gr::sync_block,
               gr::block,
               gr::basic_block,
               std::shared_ptr<tdl_channel>>(
        m, "tdl_channel", "Tapped-delay-line fading channel (TR 38.901 7.7.2).")
        .def(py::init(&tdl_channel::make),
             py::arg("samp_rate"),
             py::arg("profile"),
             py::arg("seed") = 0)
        .def("set_profile",
             &tdl_channel::set_profile,
             py::arg("profile"),
             py::call_guard<py::gil_scoped_release>(),
             "Another profile from the next buffer on.")
        .def("set_doppler",
             &tdl_channel::set_doppler,
             py::arg("doppler_hz"),
             py::call_guard<py::gil_scoped_release>(),
             "Another maximum Doppler shift in Hz; gains go on where they are.")
        .def("profile", &tdl_channel::profile, "What is in force.");
}
