// SPDX-License-Identifier: GPL-3.0-or-later
#include <pybind11/pybind11.h>

namespace py = pybind11;

void bind_tokenizer_block(py::module& m);
void bind_tdl_channel_block(py::module& m);

PYBIND11_MODULE(lwmspectro_python, m)
{
    py::module::import("gnuradio.gr");                 // base classes of the blocks
    py::module::import("gnuradio.lwmspectro.kernels"); // window_spec, tdl_profile
    bind_tokenizer_block(m);
    bind_tdl_channel_block(m);
}
