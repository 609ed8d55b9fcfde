// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_REPEAT_SEARCH_H
#define INCLUDED_LWMSPECTRO_REPEAT_SEARCH_H

#include <gnuradio/lwmspectro/api.h>
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief What comes again after a lag, or a sample or two beside it, since clocks differ?
 *
 * Segments of a window are correlated with the samples a lag later. Ratios
 * N |sum p|^2 / (E_x E_y) over the 16 segments of a symbol are averaged over the window
 * at each phase of a period, and each column of the row keeps its best phase. Only every
 * step-th segment takes part. See correlogram.
 */
class LWMSPECTRO_API repeat_search
{
public:
    struct LWMSPECTRO_API setup {
        std::size_t lag;          //!< samples, nominal
        std::size_t max_shift;    //!< samples beside it
        std::size_t lag_segments; //!< the nominal lag again
        std::size_t period;       //!< segments
        std::size_t min_segments; //!< fewer than these are not worth correlating
        std::size_t step;         //!< divides 16
    };

    using bounds = std::shared_ptr<const std::vector<std::size_t>>;

    //! \p segments: their bounds, in samples.
    repeat_search(const setup& what, bounds segments);

    //! A window of \p n samples begins.
    void begin(std::size_t n);

    //! Correlates segment \p s of the window \p x, a multiple of the step.
    void correlate(const std::complex<float>* x, std::size_t s);

    /*!
     * One value for each of correlogram_cols columns. \p energies and \p counts: energy
     * and samples of each step-th segment of the window, added up over a symbol from it
     * on.
     */
    const std::vector<double>& row(const std::vector<double>& energies,
                                   const std::vector<double>& counts);

private:
    //! Best phase of each column at one lag; the largest of all. No ratio is more than
    //! its number of samples.
    double fold(std::size_t lag_index,
                const std::vector<double>& counts,
                std::vector<double>& row) const;

    setup d_what;
    bounds d_bounds;
    std::size_t d_n_lags;
    std::size_t d_n = 0;                     // samples of the window at hand
    std::vector<std::size_t> d_n_segments;   // that have a partner, for each lag
    std::vector<std::complex<float>> d_sums; // (segments / step, lags)
    std::vector<double> d_scale;             // from correlations to ratios
    std::vector<double> d_trial;
    std::vector<double> d_row;
};

} // namespace lwmspectro
} // namespace gr

#endif
