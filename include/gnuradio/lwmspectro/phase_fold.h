// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_PHASE_FOLD_H
#define INCLUDED_LWMSPECTRO_PHASE_FOLD_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/frame_clock.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Lag products folded on a period: how coherent is each phase of it?
 *
 * The period is cut into n_phases cells, and need not be a whole number of samples:
 * sample k belongs to the cell in which its instant lies. The ratio |sum p|^2 / sum |p|^2
 * of the products p of a phase has mean 1 where their angles are random, whatever
 * their sizes (bursts, gaps), and is their number where they all agree.
 */
class LWMSPECTRO_API phase_fold
{
public:
    //! \p cells ticks once a cell; sequences of up to \p max_len samples.
    phase_fold(const frame_clock& cells, std::size_t n_phases, std::size_t max_len);

    void clear();

    //! \p n products that stand at samples \p at and on, and their squared magnitudes.
    void add(const std::complex<float>* products,
             const float* powers,
             std::size_t at,
             std::size_t n);

    //! Ends the sequence: gathers what was added into phases.
    void finish();

    //! Ratio over \p width neighbouring phases from \p phase on; 0 where there is no
    //! power.
    double ratio(std::size_t phase, std::size_t width = 1) const;

    //! ratio() from each phase on.
    std::vector<double> ratios(std::size_t width) const;

    //! Largest ratio of one phase alone.
    double best() const;

private:
    // cells fall on samples in the same way in each cycle: whole cycles are added first,
    // some at once where they are short
    std::size_t d_once;                // samples of one cycle
    std::vector<std::size_t> d_bounds; // of its cells, in samples
    volk::vector<std::complex<float>> d_products;
    volk::vector<float> d_squares;
    std::vector<std::complex<double>> d_sums; // one a phase
    std::vector<double> d_powers;             // likewise
};

} // namespace lwmspectro
} // namespace gr

#endif
