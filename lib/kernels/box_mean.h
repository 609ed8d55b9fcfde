// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_BOX_MEAN_H
#define LWMSPECTRO_BOX_MEAN_H

#include <gnuradio/lwmspectro/element_planes.h>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Means over what lies around each resource element: the rows of its run that are
 * near in time, and some columns to either side.
 */
class box_mean
{
public:
    //! Columns \p first to \p last - 1 of \p rows, \p reach of them to either side.
    void prepare(const std::vector<element_row>& rows,
                 std::size_t columns,
                 std::size_t first,
                 std::size_t last,
                 std::size_t reach);

    /*!
     * \p values and \p means: rows x columns, each of \p lanes floats, 1 or 2 (complex
     * ones). Absent values are 0, and so are their means.
     */
    void compute(const float* values, std::size_t lanes, float* means);

private:
    struct span {
        std::size_t top, bottom; // rows
        double height;           // of them, that are present
    };
    void write_row(const span& rows, std::size_t lanes, float* means);

    std::size_t d_columns = 0, d_first = 0, d_last = 0, d_reach = 0;
    std::vector<span> d_spans;  // one a row, of no height where it is absent
    std::vector<double> d_sums; // down the columns, of the rows at hand
    std::vector<float> d_shares,
        d_pair_shares;                    // of a column in a mean, for 1 and 2 lanes
    std::vector<float> d_padded, d_scale; // of one row
};

} // namespace lwmspectro
} // namespace gr

#endif
