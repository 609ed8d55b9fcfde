// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_ELEMENT_PLANES_H
#define INCLUDED_LWMSPECTRO_ELEMENT_PLANES_H

#include <gnuradio/lwmspectro/api.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

//! A row of resource elements, and the one before it.
struct LWMSPECTRO_API element_row {
    const std::complex<float>* now;
    const std::complex<float>* before;
    double time;       //!< in symbols
    std::size_t run;   //!< rows of one run have one common phase, and are neighbours
    std::size_t kind;  //!< rows of one run and one kind advance by the same phase
    bool present;
};

/*!
 * \brief Resource elements to planes that survive a static channel.
 *
 * - dphi is the angle of Y[n,k] conj(Y[n-1,k]): what the channel does to subcarrier k is in
 *   both. What all rows of a kind have in common, an offset of the carrier by whole
 *   subcarriers, or a phase that the transmitter resets (TS 38.211 5.4), is taken off:
 *   the mean of exp(j 4 dphi), weighted by amplitude, comes out real and positive, as it
 *   is for every QAM, and that of exp(j 2 dphi) has a positive real part, as for BPSK.
 * - the spread is the power over its mean within 7 symbols and 3 subcarriers, of the rows
 *   of the same run, in dB, at least -40.
 *
 * Elements that are absent read floor_dB in the first plane and 0 in the others, and so
 * does silence.
 */
class LWMSPECTRO_API element_planes
{
public:
    static constexpr float floor_dB = -200.0f, spread_floor_dB = -40.0f;

    /*!
     * \p columns elements a row, of which \p first to \p last - 1 are in view. \p gain_dB
     * is added to powers. \p out: the planes of symbol_grid_planes, each of rows x
     * columns floats.
     */
    void compute(const std::vector<element_row>& rows,
                 std::size_t columns,
                 std::size_t first,
                 std::size_t last,
                 double gain_dB,
                 float* out);

private:
    using cfloat = std::complex<float>;

    //! 10 log10 of \p n powers, into d_levels.
    void decibels(const float* powers, std::size_t n);
    void turn_phases(const std::vector<element_row>& rows, float* cos2, float* cos4);
    void spread(const std::vector<element_row>& rows, float* out);

    std::size_t d_columns = 0, d_first = 0, d_last = 0;
    volk::vector<float> d_power;
    volk::vector<cfloat> d_squares; // exp(j 2 dphi)
    volk::vector<float> d_levels, d_ratios;
    std::vector<double> d_sums; // of powers down the columns, above each row
};

} // namespace lwmspectro
} // namespace gr

#endif
