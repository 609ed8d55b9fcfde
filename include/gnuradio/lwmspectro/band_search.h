// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_BAND_SEARCH_H
#define INCLUDED_LWMSPECTRO_BAND_SEARCH_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/fft_plan.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Which part of the band in view is busiest?
 *
 * The spectrum is averaged over 64 pieces spread over the window, and smoothed in dB
 * under a parabola as wide as the part that is wanted: a narrow carrier comes to lie
 * in the middle of it, and one strong tone does not decide. A twentieth of the band is
 * left out at both ends, or what there is beside the part that is wanted.
 */
class LWMSPECTRO_API band_search
{
public:
    //! \p width_Hz: of the part that is wanted.
    band_search(double samp_rate, double width_Hz);

    //! Middle of that part in Hz; 0 where all that is in view is wanted.
    double center_Hz(const std::complex<float>* x, std::size_t n);

private:
    double d_samp_rate;
    std::size_t d_reach; // bins to either side of the middle
    fft_plan d_fft;
    volk::vector<float> d_window;
    volk::vector<float> d_power;
    volk::vector<float> d_sum;
    volk::vector<float> d_weights;
};

} // namespace lwmspectro
} // namespace gr

#endif
