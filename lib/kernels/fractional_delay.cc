// SPDX-License-Identifier: GPL-3.0-or-later
#include "fractional_delay.h"
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double edge = 0.4; // of the band that counts, cycles a sample
constexpr std::size_t n = fractional_taps;

//! Integral of exp(2 pi i f x) over the band.
double band_integral(double x)
{
    return std::fabs(x) < 1e-9 ? 2.0 * edge : std::sin(2.0 * pi * edge * x) / (pi * x);
}

using vector = std::array<double, n>;

//! Lower triangle L with L L^T = R, R the correlations of the taps.
std::array<vector, n> factor()
{
    std::array<vector, n> lower{};
    for (std::size_t row = 0; row < n; ++row) {
        for (std::size_t col = 0; col <= row; ++col) {
            double sum =
                band_integral(static_cast<double>(row) - static_cast<double>(col));
            for (std::size_t k = 0; k < col; ++k) {
                sum -= lower[row][k] * lower[col][k];
            }
            lower[row][col] = row == col ? std::sqrt(sum) : sum / lower[col][col];
        }
    }
    return lower;
}

} // namespace

std::array<float, fractional_taps> fractional_delay(double fraction)
{
    static const std::array<vector, n> lower = factor();
    vector x{};
    for (std::size_t row = 0; row < n; ++row) {
        double sum =
            band_integral(static_cast<double>(row) - fractional_group_delay - fraction);
        for (std::size_t k = 0; k < row; ++k) {
            sum -= lower[row][k] * x[k];
        }
        x[row] = sum / lower[row][row];
    }
    for (std::size_t row = n; row-- > 0;) {
        double sum = x[row];
        for (std::size_t k = row + 1; k < n; ++k) {
            sum -= lower[k][row] * x[k];
        }
        x[row] = sum / lower[row][row];
    }
    std::array<float, n> taps{};
    for (std::size_t k = 0; k < n; ++k) {
        taps[k] = static_cast<float>(x[k]);
    }
    return taps;
}

} // namespace lwmspectro
} // namespace gr
