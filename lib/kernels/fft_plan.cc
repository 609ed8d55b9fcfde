// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/fft_plan.h>
#include <fftw3.h>
#include <mutex>
#include <new>
#ifdef LWMSPECTRO_WITH_GNURADIO
#include <gnuradio/fft/fft.h>
#endif

namespace gr {
namespace lwmspectro {

namespace {

//! FFTW plans in one thread at a time: in GNU Radio's processes, under its lock.
std::mutex& planner_mutex()
{
#ifdef LWMSPECTRO_WITH_GNURADIO
    return gr::fft::planner::mutex();
#else
    static std::mutex mutex;
    return mutex;
#endif
}

} // namespace

struct fft_plan::impl {
    impl(std::size_t n_fft, direction way)
        : n(n_fft), in(fftwf_alloc_complex(n_fft)), out(fftwf_alloc_complex(n_fft))
    {
        // Not measured: which algorithm is fastest changes from run to run, and with it
        // the last bit of the result. A data set must not depend on that.
        std::lock_guard<std::mutex> lock(planner_mutex());
        plan = in && out ? fftwf_plan_dft_1d(static_cast<int>(n),
                                             in,
                                             out,
                                             way == direction::forward ? FFTW_FORWARD
                                                                       : FFTW_BACKWARD,
                                             FFTW_ESTIMATE)
                         : nullptr;
        if (!plan) {
            fftwf_free(in);
            fftwf_free(out);
            throw std::bad_alloc();
        }
    }
    ~impl()
    {
        std::lock_guard<std::mutex> lock(planner_mutex());
        fftwf_destroy_plan(plan);
        fftwf_free(in);
        fftwf_free(out);
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    std::size_t n;
    fftwf_complex* in;
    fftwf_complex* out;
    fftwf_plan plan = nullptr;
};

fft_plan::fft_plan(std::size_t n_fft, direction way)
    : d_impl(std::make_unique<impl>(n_fft, way))
{
}
fft_plan::~fft_plan() = default;
fft_plan::fft_plan(fft_plan&&) noexcept = default;
fft_plan& fft_plan::operator=(fft_plan&&) noexcept = default;

std::size_t fft_plan::size() const { return d_impl->n; }
std::complex<float>* fft_plan::input()
{
    return reinterpret_cast<std::complex<float>*>(d_impl->in);
}
const std::complex<float>* fft_plan::output() const
{
    return reinterpret_cast<const std::complex<float>*>(d_impl->out);
}
void fft_plan::execute() { fftwf_execute(d_impl->plan); }

} // namespace lwmspectro
} // namespace gr
