// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/fft/fft.h>
#include <gnuradio/lwmspectro/fft_plan.h>
#include <variant>

namespace gr {
namespace lwmspectro {

struct fft_plan::impl {
    using forward = gr::fft::fft_complex_fwd;
    using inverse = gr::fft::fft_complex_rev;

    impl(std::size_t n_fft, direction way) : n(n_fft)
    {
        if (way == direction::forward) {
            fft.emplace<std::unique_ptr<forward>>(
                std::make_unique<forward>(static_cast<int>(n)));
        } else {
            fft.emplace<std::unique_ptr<inverse>>(
                std::make_unique<inverse>(static_cast<int>(n)));
        }
        std::visit(
            [this](auto& plan) {
                in = plan->get_inbuf();
                out = plan->get_outbuf();
            },
            fft);
    }

    std::size_t n;
    std::variant<std::unique_ptr<forward>, std::unique_ptr<inverse>> fft;
    std::complex<float>* in = nullptr;
    const std::complex<float>* out = nullptr;
};

fft_plan::fft_plan(std::size_t n_fft, direction way)
    : d_impl(std::make_unique<impl>(n_fft, way))
{
}
fft_plan::~fft_plan() = default;
fft_plan::fft_plan(fft_plan&&) noexcept = default;
fft_plan& fft_plan::operator=(fft_plan&&) noexcept = default;

std::size_t fft_plan::size() const { return d_impl->n; }
std::complex<float>* fft_plan::input() { return d_impl->in; }
const std::complex<float>* fft_plan::output() const { return d_impl->out; }
void fft_plan::execute()
{
    std::visit([](auto& plan) { plan->execute(); }, d_impl->fft);
}

} // namespace lwmspectro
} // namespace gr
