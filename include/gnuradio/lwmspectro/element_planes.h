// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_ELEMENT_PLANES_H
#define INCLUDED_LWMSPECTRO_ELEMENT_PLANES_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace gr {
namespace lwmspectro {

//! A row of resource elements, and the one before it.
struct LWMSPECTRO_API element_row {
    const std::complex<float>* now;
    const std::complex<float>* before;
    double time;      //!< in symbols
    std::size_t run;  //!< rows of one run are neighbours
    std::size_t kind; //!< rows of one run and one kind advance by the same phase
    bool present;
};

class box_mean;

/*!
 * \brief Resource elements to planes that survive a static channel.
 *
 * - power_db: 10 log10 of the power.
 * - cos_2dphi and cos_4dphi: dphi is the angle of Y[n,k] conj(Y[n-1,k]): what the channel
 *   does to subcarrier k is in both. What all rows of a kind have in common, an offset of
 *   the carrier by whole subcarriers or a phase that the transmitter resets (TS 38.211
 *   5.4), is taken off: the mean of exp(j 4 dphi), weighted by amplitude, comes out real
 *   and positive, as it is for every QAM, and that of exp(j 2 dphi) has a positive real
 *   part, as for BPSK.
 * - larger_part and smaller_part: magnitudes of the two parts of Y over its gain, whose
 * square is the mean power of the elements around (7 symbols of the run and some
 * subcarriers to either side), and whose angle is a quarter of that of the mean of -|Y|^2
 * exp(j 4 arg Y), from which the phase that all elements of a row share, and that which
 * all columns add, are taken off first. QAM comes to lie square, folded into an octant.
 * In a run of a burst these phases are fitted a second time, since it is short.
 *
 * Elements that are absent read floor_dB in the first plane and 0 in the others, and so
 * does silence.
 */
class LWMSPECTRO_API element_planes
{
public:
    static constexpr float floor_dB = -200.0f;

    //! \p columns elements a row; \p reach of them to either side are around an element.
    element_planes(std::size_t columns, std::size_t reach, bool bursts);
    ~element_planes();
    element_planes(element_planes&&) noexcept;
    element_planes& operator=(element_planes&&) noexcept;

    /*!
     * Columns \p first to \p last - 1 of \p rows are in view. \p gain_dB is added to
     * powers. \p out: the planes of symbol_grid_planes, each of rows x columns floats.
     */
    void compute(const std::vector<element_row>& rows,
                 std::size_t first,
                 std::size_t last,
                 double gain_dB,
                 float* out);

private:
    using cfloat = std::complex<float>;

    void put_levels(const std::vector<element_row>& rows, double gain_dB, float* out);
    void turn_phases(const std::vector<element_row>& rows, float* cos2, float* cos4);
    void fold(const std::vector<element_row>& rows, float* larger, float* smaller);
    //! Fills d_fourth, and d_shared with the phases that it took off.
    void take_off_shared(const std::vector<element_row>& rows);
    //! Fits the rows of bursts to the means around them.
    void fit_rows(const std::vector<element_row>& rows);

    std::size_t d_columns;
    std::size_t d_reach;
    bool d_bursts;
    std::unique_ptr<box_mean> d_box;
    std::size_t d_first = 0, d_last = 0;
    volk::vector<float> d_power, d_mean_power;
    volk::vector<cfloat> d_squares;        // exp(j 2 dphi)
    volk::vector<cfloat> d_fourth, d_mean; // |Y|^2 exp(j 4 arg Y), less what is shared
    std::vector<std::complex<double>>
        d_advance;                 // shared part of exp(j 4 dphi), one a row
    volk::vector<cfloat> d_shared; // taken off: of rows, and from column to column
    volk::vector<cfloat> d_turns, d_steps; // of one row
    volk::vector<float> d_levels;          // likewise
};

} // namespace lwmspectro
} // namespace gr

#endif
