// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_SYMBOL_GRID_PYTHON_H
#define LWMSPECTRO_SYMBOL_GRID_PYTHON_H

#include <pybind11/pybind11.h>

void bind_symbol_grid(pybind11::module& m);

#endif
