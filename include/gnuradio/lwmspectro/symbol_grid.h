// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SYMBOL_GRID_H
#define INCLUDED_LWMSPECTRO_SYMBOL_GRID_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/band_search.h>
#include <gnuradio/lwmspectro/element_planes.h>
#include <gnuradio/lwmspectro/numerology.h>
#include <gnuradio/lwmspectro/symbol_timing.h>
#include <gnuradio/lwmspectro/symbol_transform.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief C1, C2: the resource elements of a window, read for one numerology.
 *
 * Symbols and carrier offset come from the cyclic prefixes alone (symbol_timing), the
 * subcarriers from the busiest part of the band (band_search), each symbol is one small
 * FFT (symbol_transform), and what is stored of an element is said in element_planes.
 *
 * Cellular: 128 subcarriers; the strongest runs of 14 symbols, in the order of time, nine
 * whole ones and the first two symbols of a tenth. A run begins at a 0.5 ms boundary, so
 * that row r is symbol r % 7 (15 kHz) or r % 14 (30 kHz) of its half millisecond.
 *
 * WiFi: all 64 subcarriers; the strongest 16 runs of 16 symbols, in the order of time.
 * Symbol n stands in columns 0 to 63 of row n, and from symbol 128 on in columns 64 to
 * 127 of row n - 128. Symbols that are silent, and training fields, are absent.
 *
 * Absent are also symbols that the window does not hold, subcarriers that are out of
 * view, and all of a grid below numerology::min_samp_rate_Hz. Every value is finite.
 */
class LWMSPECTRO_API symbol_grid
{
public:
    //! \p samp_rate in Hz. Throws std::invalid_argument on one out of range.
    symbol_grid(double samp_rate, const numerology& kind);

    const numerology& kind() const { return d_kind; }

    //! False where the sample rate cannot hold the numerology.
    bool available() const { return d_samp_rate >= d_kind.min_samp_rate_Hz; }

    /*!
     * \p samples: \p n of them, free of DC. \p out: symbol_grid_size floats, plane by
     * plane, row major. Returns the symbols that are present.
     */
    std::size_t compute(const std::complex<float>* samples, std::size_t n, float* out);

private:
    using cfloat = std::complex<float>;

    //! Rows of d_elements; as many as fit.
    std::vector<element_row> rows_of(const std::vector<symbol_run>& runs) const;

    double d_samp_rate;
    numerology d_kind;
    std::size_t d_symbols; // rows of elements before they are laid side by side
    symbol_timing d_timing;
    symbol_transform d_transform;
    band_search d_band;
    element_planes d_planes;
    volk::vector<cfloat> d_elements;
    volk::vector<float> d_narrow; // planes before they are laid side by side
};

} // namespace lwmspectro
} // namespace gr

#endif
