// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SYMBOL_SUMS_H
#define INCLUDED_LWMSPECTRO_SYMBOL_SUMS_H

#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

constexpr std::size_t symbol_segments = 16; // of 1/256 ms: 62.5 us

/*!
 * Sums of \p count rows, a power of two, from each row on, in place: the first \p n rows
 * of \p values, each \p width long. Rows beyond the last are taken as zero.
 */
template <typename T>
void sum_rows(std::vector<T>& values, std::size_t n, std::size_t width, std::size_t count)
{
    for (std::size_t step = 1; step < count; step *= 2) {
        const std::size_t ahead = step * width;
        for (std::size_t k = 0; k + ahead < n * width; ++k) {
            values[k] += values[k + ahead];
        }
    }
}

} // namespace lwmspectro
} // namespace gr

#endif
