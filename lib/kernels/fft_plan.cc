// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/fft/fft.h>
#include <gnuradio/lwmspectro/fft_plan.h>

namespace gr {
namespace lwmspectro {

struct fft_plan::impl {
    explicit impl(std::size_t n_fft) : n(n_fft), fft(static_cast<int>(n_fft)) {}
    std::size_t n;
    gr::fft::fft_complex_fwd fft;
};

fft_plan::fft_plan(std::size_t n_fft) : d_impl(std::make_unique<impl>(n_fft)) {}
fft_plan::~fft_plan() = default;
fft_plan::fft_plan(fft_plan&&) noexcept = default;
fft_plan& fft_plan::operator=(fft_plan&&) noexcept = default;

std::size_t fft_plan::size() const { return d_impl->n; }
std::complex<float>* fft_plan::input() { return d_impl->fft.get_inbuf(); }
const std::complex<float>* fft_plan::output() const { return d_impl->fft.get_outbuf(); }
void fft_plan::execute() { d_impl->fft.execute(); }

} // namespace lwmspectro
} // namespace gr
