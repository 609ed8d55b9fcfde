// SPDX-License-Identifier: GPL-3.0-or-later
// The kernels without a scheduler: training and tests run the DSP of the live blocks.
#include "symbol_grid_python.h"
#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <gnuradio/lwmspectro/tdl_fading.h>
#include <gnuradio/lwmspectro/window_tokenizer.h>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace py = pybind11;
using namespace gr::lwmspectro;

namespace {

using samples =
    py::array_t<std::complex<float>, py::array::c_style | py::array::forcecast>;

std::size_t length(const samples& iq)
{
    if (iq.ndim() != 1) {
        throw std::invalid_argument("iq: expected one dimension, got " +
                                    std::to_string(iq.ndim()));
    }
    return static_cast<std::size_t>(iq.shape(0));
}

//! A stream's tokenizer, and one for windows that stand alone.
struct bound_tokenizer {
    bound_tokenizer(double samp_rate, const window_spec& spec)
        : kernel(samp_rate, spec), d_samp_rate(samp_rate)
    {
    }

    //! One window of at most window_len(0) samples, alone.
    py::array_t<float> process(const samples& iq);

    window_tokenizer kernel;

private:
    double d_samp_rate;
    std::mutex d_mutex;
    std::unique_ptr<window_tokenizer>
        d_alone; // made once: its plans take longer than a window
};

py::array_t<float> bound_tokenizer::process(const samples& iq)
{
    const std::size_t n = length(iq);
    if (n == 0 || n > kernel.window_len(0)) {
        throw std::invalid_argument("iq: expected 1 to " +
                                    std::to_string(kernel.window_len(0)) +
                                    " samples, got " + std::to_string(n));
    }
    py::array_t<float> tokens(static_cast<py::ssize_t>(kernel.spec().vlen()));
    const auto* in = iq.data();
    float* out = tokens.mutable_data();
    py::gil_scoped_release release;
    std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_alone) {
        d_alone = std::make_unique<window_tokenizer>(d_samp_rate, kernel.spec());
    }
    d_alone->reset();
    d_alone->push(in, n);
    d_alone->take(out);
    return tokens;
}

void bind_spec(py::module& m)
{
    py::class_<window_spec>(m, "window_spec", "Shape of a window and of its tokens.")
        .def(py::init([](int n_frames,
                         int frame_us,
                         int n_bins,
                         int hop_frames,
                         std::vector<std::string> grids) {
                 window_spec spec{
                     n_frames, frame_us, n_bins, hop_frames, std::move(grids)
                 };
                 spec.validate();
                 return spec;
             }),
             py::arg("n_frames") = 128,
             py::arg("frame_us") = 200,
             py::arg("n_bins") = 128,
             py::arg("hop_frames") = 128,
             py::arg("grids") = std::vector<std::string>())
        .def_readonly("n_frames", &window_spec::n_frames)
        .def_readonly("frame_us", &window_spec::frame_us)
        .def_readonly("n_bins", &window_spec::n_bins)
        .def_readonly("hop_frames", &window_spec::hop_frames)
        .def_property_readonly(
            "grids",
            [](const window_spec& self) { return py::tuple(py::cast(self.grids)); })
        .def_property_readonly("spectrogram_size", &window_spec::spectrogram_size)
        .def_property_readonly("vlen", &window_spec::vlen);
    py::list rows;
    for (const char* row : correlogram_rows) {
        rows.append(row);
    }
    m.attr("correlogram_rows") = py::tuple(rows);
    m.attr("features_version") = features_version;
    m.attr("correlogram_cols") = correlogram_cols;
    m.attr("min_samp_rate") = min_samp_rate_Hz;
    m.attr("max_samp_rate") = max_samp_rate_Hz;
}

void bind_tokenizer(py::module& m)
{
    py::class_<welch_grid>(m, "welch_grid", "FFT length, hop and segments of a frame.")
        .def_readonly("n_fft", &welch_grid::n_fft)
        .def_readonly("hop", &welch_grid::hop)
        .def_readonly("n_segments", &welch_grid::n_segments)
        .def_static("of", &welch_grid::of, py::arg("frame_len"), py::arg("n_bins"));

    py::class_<bound_tokenizer>(m, "window_tokenizer", "Samples to windows of tokens.")
        .def(py::init([](double samp_rate, const window_spec& spec) {
                 return std::make_unique<bound_tokenizer>(samp_rate, spec);
             }),
             py::arg("samp_rate"),
             py::arg("spec") = window_spec())
        .def(
            "window_len",
            [](const bound_tokenizer& self, uint64_t index) {
                return self.kernel.window_len(index);
            },
            py::arg("index") = 0)
        .def(
            "process",
            [](bound_tokenizer& self, samples iq) { return self.process(iq); },
            py::arg("iq"),
            "Tokens float32[vlen] of 1 to window_len(0) samples, complex64, alone.")
        .def(
            "push",
            [](bound_tokenizer& self, samples iq) {
                const std::size_t n = length(iq);
                const auto* in = iq.data();
                std::vector<py::array_t<float>> windows;
                for (std::size_t at = 0; at < n;) {
                    {
                        py::gil_scoped_release release;
                        at += self.kernel.push(in + at, n - at);
                    }
                    if (self.kernel.full()) {
                        py::array_t<float> tokens(
                            static_cast<py::ssize_t>(self.kernel.spec().vlen()));
                        self.kernel.take(tokens.mutable_data());
                        windows.push_back(tokens);
                    }
                }
                return windows;
            },
            py::arg("iq"),
            "Stream of samples, in any chunks; returns the windows that they completed.");
}

void bind_fading(py::module& m)
{
    py::class_<tdl_profile>(m, "tdl_profile", "A tapped delay line (TR 38.901 7.7.2).")
        .def(py::init([](std::vector<double> delays_s,
                         std::vector<double> powers_db,
                         double doppler_hz,
                         std::vector<double> k_factors_db,
                         std::vector<double> los_doppler_ratios) {
                 return tdl_profile{ std::move(delays_s),
                                     std::move(powers_db),
                                     doppler_hz,
                                     std::move(k_factors_db),
                                     std::move(los_doppler_ratios) };
             }),
             py::arg("delays_s"),
             py::arg("powers_db"),
             py::arg("doppler_hz") = 0.0,
             py::arg("k_factors_db") = std::vector<double>(),
             py::arg("los_doppler_ratios") = std::vector<double>())
        .def_readonly("delays_s", &tdl_profile::delays_s)
        .def_readonly("powers_db", &tdl_profile::powers_dB)
        .def_readonly("doppler_hz", &tdl_profile::doppler_Hz)
        .def_readonly("k_factors_db", &tdl_profile::k_factors_dB)
        .def_readonly("los_doppler_ratios", &tdl_profile::los_doppler_ratios);
    m.def("tdl_model",
          &tdl_model,
          py::arg("name"),
          py::arg("delay_spread_s"),
          py::arg("doppler_hz") = 0.0,
          "TDL-A to TDL-E (TR 38.901 7.7.2) scaled to an RMS delay spread.");
    m.attr("tdl_model_names") = py::tuple(py::cast(tdl_model_names()));
    m.def("doppler_of",
          &doppler_of,
          py::arg("speed_kmh"),
          py::arg("center_freq_hz"),
          "Maximum Doppler shift in Hz.");

    m.attr("fading_version") = fading_version;
    py::class_<tdl_fading>(m, "tdl_fading", "Tapped-delay-line fading, seeded.")
        .def(py::init<double, const tdl_profile&, uint64_t>(),
             py::arg("samp_rate"),
             py::arg("profile"),
             py::arg("seed") = 0)
        .def(
            "process",
            [](tdl_fading& self, samples iq) {
                const std::size_t n = length(iq);
                py::array_t<std::complex<float>> out(static_cast<py::ssize_t>(n));
                auto* to = out.mutable_data();
                const auto* from = iq.data();
                py::gil_scoped_release release;
                self.process(from, to, n);
                return out;
            },
            py::arg("iq"),
            "The next samples, complex64, through the channel.")
        .def("set_doppler",
             &tdl_fading::set_doppler,
             py::arg("doppler_hz"),
             "Another maximum shift, Hz; gains go on where they are.")
        .def("set_profile",
             &tdl_fading::set_profile,
             py::arg("profile"),
             "Other paths, with gains of their own.")
        .def_readonly_static("group_delay", &tdl_fading::group_delay);
}

} // namespace

PYBIND11_MODULE(kernels, m)
{
    m.doc() = "DSP kernels of gr-lwmspectro, free of the GNU Radio scheduler.";
    bind_spec(m);
    bind_tokenizer(m);
    bind_symbol_grid(m);
    bind_fading(m);
}
