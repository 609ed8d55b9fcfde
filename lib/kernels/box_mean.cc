// SPDX-License-Identifier: GPL-3.0-or-later
#include "box_mean.h"
#include "element_loops.h"
#include "vector_clones.h"
#include <algorithm>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double reach_symbols = 7.5; // to either side

LWMSPECTRO_VECTOR_CLONES
void add(const float* __restrict x, double* __restrict sums, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        sums[k] += x[k];
    }
}

LWMSPECTRO_VECTOR_CLONES
void take_off(const float* __restrict x, double* __restrict sums, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        sums[k] -= x[k];
    }
}

LWMSPECTRO_VECTOR_CLONES
void to_floats(const double* __restrict x, float* __restrict out, std::size_t n)
{
    for (std::size_t k = 0; k < n; ++k) {
        out[k] = static_cast<float>(x[k]);
    }
}

} // namespace

void box_mean::prepare(const std::vector<element_row>& rows,
                       std::size_t columns,
                       std::size_t first,
                       std::size_t last,
                       std::size_t reach)
{
    d_columns = columns;
    d_first = first;
    d_last = last;
    d_reach = reach;
    d_shares.clear();
    d_pair_shares.clear();
    for (std::size_t k = first; k < last; ++k) {
        const std::size_t left = std::max(first + reach, k) - reach;
        const std::size_t right = std::min(last, k + reach + 1);
        d_shares.push_back(1.0f / (right - left));
        d_pair_shares.insert(d_pair_shares.end(), 2, d_shares.back());
    }
    d_spans.clear();
    std::size_t top = 0, bottom = 0;
    double height = 0.0;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto near = [&](std::size_t other) {
            return rows[other].run == rows[r].run &&
                   std::fabs(rows[other].time - rows[r].time) <= reach_symbols;
        };
        for (; bottom < rows.size() && (bottom <= r || near(bottom)); ++bottom) {
            height += rows[bottom].present ? 1.0 : 0.0;
        }
        for (; !near(top); ++top) {
            height -= rows[top].present ? 1.0 : 0.0;
        }
        d_spans.push_back({ top, bottom, rows[r].present ? height : 0.0 });
    }
}

void box_mean::compute(const float* values, std::size_t lanes, float* means)
{
    const std::size_t stride = d_columns * lanes;
    d_sums.assign(stride, 0.0);
    d_padded.assign(stride + 2 * d_reach * lanes, 0.0f);
    d_scale.resize(stride);
    std::fill_n(means, d_spans.size() * stride, 0.0f);
    std::size_t top = 0, bottom = 0;
    for (std::size_t r = 0; r < d_spans.size(); ++r) {
        for (; bottom < d_spans[r].bottom; ++bottom) {
            add(values + bottom * stride, d_sums.data(), stride);
        }
        for (; top < d_spans[r].top; ++top) {
            take_off(values + top * stride, d_sums.data(), stride);
        }
        if (d_spans[r].height > 0.0) {
            write_row(d_spans[r], lanes, means + r * stride);
        }
    }
}

void box_mean::write_row(const span& rows, std::size_t lanes, float* means)
{
    const std::size_t first = d_first * lanes, n = (d_last - d_first) * lanes;
    const std::size_t edge = d_reach * lanes; // of nothing, on both sides
    to_floats(&d_sums[first], &d_padded[edge], n);
    const auto height = static_cast<float>(1.0 / rows.height);
    const auto& shares = lanes == 1 ? d_shares : d_pair_shares;
    for (std::size_t k = 0; k < n; ++k) {
        d_scale[k] = shares[k] * height;
    }
    sum_steps(d_padded.data(), lanes, 2 * d_reach + 1, d_scale.data(), n, means + first);
}

} // namespace lwmspectro
} // namespace gr
