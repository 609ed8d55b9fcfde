// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_TDL_FADING_H
#define INCLUDED_LWMSPECTRO_TDL_FADING_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/tdl_profile.h>
#include <volk/volk_alloc.hh>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace gr {
namespace lwmspectro {

//! Counts up whenever the same samples, profile and seed give other samples: data sets
//! are bound to it.
constexpr int fading_version = 1;

/*!
 * \brief Tapped-delay-line fading (TR 38.901 7.7.2; LWM-Spectro, eq. 5-6).
 *
 * y[n] = sum_l h_l[n] x(n - tau_l). Each h_l is a sum of 32 sinusoids of its own, with
 * the Jakes spectrum and drawn from \p seed, and where the path has a line of sight one
 * more. Delays are fractional: FIR filters of 16
 * taps, flat over 80 % of the band. Gains are known at knots, 64 a
 * cycle of the fastest Doppler but at least 4 samples apart, and straight lines between.
 * They are a function of the index of a sample: any chunking gives the same samples, bit
 * for bit.
 */
class LWMSPECTRO_API tdl_fading
{
public:
    //! Samples by which the whole output lags behind the input.
    static constexpr std::size_t group_delay = 7;

    //! Throws std::invalid_argument that says what was expected and what came.
    tdl_fading(double samp_rate, const tdl_profile& profile, uint64_t seed);

    //! Filters \p n samples; \p in and \p out may not overlap.
    void process(const std::complex<float>* in, std::complex<float>* out, std::size_t n);

    //! Another maximum Doppler shift from the next sample on; gains go on where they are.
    void set_doppler(double doppler_Hz);

    //! Other paths from the next sample on, with gains of their own. What the line holds
    //! stays in it.
    void set_profile(const tdl_profile& profile);

    const tdl_profile& profile() const { return d_profile; }

private:
    static constexpr std::size_t n_fir = 16;
    static constexpr std::size_t piece = 4096; // samples in the line beside the history

    struct wave {
        std::complex<double> now;  // at the knot ahead
        double doppler_ratio;      // of its own shift over the maximum
        std::complex<double> step; // from one knot to the next
    };
    struct tap {
        std::size_t delay;            // whole samples, before the filter
        std::array<float, n_fir> fir; // the rest: fractional_delay()
        std::vector<wave> waves;
        std::complex<double> from, to; // gains at the knots around
    };

    tap make_tap(std::size_t path, double power);
    void set_steps();
    void advance(tap& t);
    void run(std::size_t offset, std::complex<float>* out, std::size_t n);

    double d_samp_rate;
    tdl_profile d_profile;
    std::mt19937_64 d_engine;
    std::vector<tap> d_taps;
    std::size_t d_interval = 0; // samples between two knots
    std::size_t d_within = 0;   // samples since the knot behind
    std::size_t d_history;
    volk::vector<float> d_re, d_im; // history, then the samples at hand
    volk::vector<float> d_out_re, d_out_im;
};

} // namespace lwmspectro
} // namespace gr

#endif
