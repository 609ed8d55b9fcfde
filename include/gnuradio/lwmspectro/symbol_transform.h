// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SYMBOL_TRANSFORM_H
#define INCLUDED_LWMSPECTRO_SYMBOL_TRANSFORM_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/fft_plan.h>
#include <gnuradio/lwmspectro/numerology.h>
#include <gnuradio/lwmspectro/symbol_timing.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief OFDM symbols to resource elements, at any sample rate.
 *
 * Where the useful length is a whole number of samples, and no more than twice the
 * subcarriers wanted, it is transformed as it is. Elsewhere a symbol is interpolated to
 * twice as many points as subcarriers: a Kaiser-windowed low pass, evaluated at the
 * instants of the points (the nearest 1/128 of a sample), also keeps off what would
 * fold. Interpolated prefixes then refine the carrier offset, since a lag of whole
 * samples misjudges that of a carrier which lies away from 0 Hz.
 */
class LWMSPECTRO_API symbol_transform
{
public:
    symbol_transform(double samp_rate, const numerology& kind);

    //! Samples needed beyond a symbol and half a prefix, on both sides.
    std::size_t margin() const { return d_n_taps / 2 + 1; }
    //! Interpolated, rather than transformed as it is.
    bool interpolates() const { return d_n_taps > 0; }
    //! Points of the transform.
    std::size_t n_points() const { return d_fft.size(); }
    //! Highest distance of a subcarrier from the middle of the band that is let through.
    double view_Hz() const { return d_view_Hz; }

    /*!
     * Elements of \p runs around \p center_Hz, of which each symbol gets
     * kind.n_subcarriers, lowest frequency first, in \p out; middle one: center_Hz plus
     * the offset of the run. White noise of unit power has elements of unit power.
     * \p scale is applied to the samples.
     */
    void transform(const std::complex<float>* x,
                   std::size_t n,
                   const std::vector<symbol_run>& runs,
                   double center_Hz,
                   float scale,
                   std::complex<float>* out);

private:
    using cfloat = std::complex<float>;

    void design_filter();
    //! Moves the run's carrier to 0 Hz: fills d_mixed, which starts at sample d_begin.
    void mix(const cfloat* x, std::size_t n, const symbol_run& run, double carrier_Hz);
    //! Points of a symbol, and of its end a useful length after its beginning.
    void points_of(double start, cfloat* points) const;
    //! Transforms n_points() points that are \p turns a point off 0 Hz.
    void transform_points(
        const cfloat* points, double turns, double phase, float scale, cfloat* out);
    //! Takes off the phases of a window that is \p late by so many useful lengths.
    void straighten(cfloat* elements, double late) const;

    double d_samp_rate;
    numerology d_kind;
    double d_useful; // samples
    fft_plan d_fft;
    std::size_t d_n_taps = 0;  // 0 where samples are taken as they are
    std::size_t d_n_guard = 0; // points taken beyond the symbol
    double d_view_Hz;
    std::size_t d_blocks = 0;   // of taps
    volk::vector<float> d_taps; // for each fraction of a sample
    volk::vector<cfloat> d_mixed;
    std::size_t d_begin = 0;
    volk::vector<cfloat> d_points;
    volk::vector<cfloat> d_turned;
};

} // namespace lwmspectro
} // namespace gr

#endif
