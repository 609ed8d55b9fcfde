// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_FADING_H
#define INCLUDED_LWMSPECTRO_TDL_FADING_H

#include <gnuradio/lwmspectro/api.h>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gr {
namespace lwmspectro {

//! A tapped delay line: delays in seconds, powers in dB (scaled to a sum of one).
struct LWMSPECTRO_API tdl_profile {
    std::vector<double> delays_s{ 0.0 };
    std::vector<double> powers_dB{ 0.0 };
    double doppler_Hz = 0.0;     //!< maximum Doppler shift; 0 freezes the channel
    double k_factor_dB = -400.0; //!< Rician K of los_tap; below -300 none
    int los_tap = 0;
    double los_doppler_ratio = 0.7; //!< LOS Doppler over doppler_Hz (TR 38.901 7.7.2)
};

/*!
 * \brief Tapped-delay-line fading (TR 38.901 7.7.2; LWM-Spectro, eq. 5-6).
 *
 * y[n] = sum_l h_l[n] x(n - tau_l), each h_l an independent sum of sinusoids with the
 * Jakes spectrum, drawn from \p seed. Delays are fractional (windowed sinc). The gain
 * is a function of the absolute sample index: any chunking gives the same samples.
 */
class LWMSPECTRO_API tdl_fading
{
public:
    //! Samples by which the whole output lags behind the input.
    static constexpr std::size_t group_delay = 3;

    //! Throws std::invalid_argument that says what was expected and what came.
    tdl_fading(double samp_rate, const tdl_profile& profile, uint64_t seed);

    //! Filters \p n samples; \p in and \p out may not overlap.
    void process(const std::complex<float>* in, std::complex<float>* out, std::size_t n);

private:
    static constexpr std::size_t sinc_len = 8;

    struct sinusoid {
        double freq_Hz;
        double phase;
        double amplitude;
    };
    struct tap {
        std::size_t delay;    // whole samples, before the sinc
        float sinc[sinc_len]; // fractional part
        std::vector<sinusoid> waves;
    };

    std::complex<double> gain(const tap& t, uint64_t knot) const;
    void run(uint64_t knot, std::size_t offset, std::complex<float>* out, std::size_t n);

    double d_samp_rate;
    std::size_t d_interval; // samples between two knots of the gain
    std::size_t d_history;
    std::vector<tap> d_taps;
    std::vector<std::complex<float>> d_line; // history, then the samples at hand
    uint64_t d_index = 0;
};

} // namespace lwmspectro
} // namespace gr

#endif
