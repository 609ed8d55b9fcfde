// SPDX-License-Identifier: GPL-3.0-or-later
#include "symbol_grid_python.h"
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <gnuradio/lwmspectro/symbol_grid.h>
#include <stdexcept>
#include <string>

namespace py = pybind11;
using namespace gr::lwmspectro;

namespace {

using samples =
    py::array_t<std::complex<float>, py::array::c_style | py::array::forcecast>;

template <typename Names>
py::tuple names_of(const Names& names)
{
    py::list list;
    for (const auto& name : names) {
        list.append(name);
    }
    return py::tuple(list);
}

py::tuple compute(symbol_grid& self, const samples& iq)
{
    if (iq.ndim() != 1) {
        throw std::invalid_argument("iq: expected one dimension, got " +
                                    std::to_string(iq.ndim()));
    }
    const auto n = static_cast<std::size_t>(iq.shape(0));
    py::array_t<float> planes(
        { symbol_grid_planes.size(), symbol_grid_rows, symbol_grid_cols });
    const auto* in = iq.data();
    float* out = planes.mutable_data();
    std::size_t symbols = 0;
    {
        py::gil_scoped_release release;
        symbols = self.compute(in, n, out);
    }
    return py::make_tuple(planes, symbols);
}

} // namespace

void bind_symbol_grid(py::module& m)
{
    py::list grids;
    for (const auto& kind : numerologies) {
        grids.append(kind.name);
    }
    m.attr("symbol_grids") = py::tuple(grids);
    m.attr("symbol_grid_planes") = names_of(symbol_grid_planes);
    m.attr("symbol_grid_rows") = symbol_grid_rows;
    m.attr("symbol_grid_cols") = symbol_grid_cols;

    py::class_<symbol_grid>(
        m, "symbol_grid", "Resource elements of a window, read for one numerology.")
        .def(py::init([](double samp_rate, const std::string& name) {
                 return std::make_unique<symbol_grid>(samp_rate, numerology_of(name));
             }),
             py::arg("samp_rate"),
             py::arg("name"))
        .def_property_readonly("available",
                               &symbol_grid::available,
                               "False where the sample rate cannot hold the numerology.")
        .def(
            "compute",
            &compute,
            py::arg("iq"),
            "Planes float32[planes, rows, cols] of complex64 samples free of DC, and the "
            "number of symbols that are present. Absent elements read -200 in the first "
            "plane and 0 in the others.");
}
