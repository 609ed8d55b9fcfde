// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"
#include <gnuradio/lwmspectro/element_planes.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::lwmspectro;

namespace {

constexpr std::size_t columns = 64, n_rows = 32, plane = columns * n_rows;

//! Points of a square QAM of side \p side, or BPSK for 1, unit mean power; one row more.
samples constellation(int side, unsigned seed = 1)
{
    std::mt19937 engine(seed);
    samples x((n_rows + 1) * columns);
    const double scale = std::sqrt(side == 1 ? 1.0 : 2.0 * (side * side - 1) / 3.0);
    const auto part = [&] {
        return 2.0 * static_cast<double>(engine() % side) - (side - 1);
    };
    for (auto& value : x) {
        value = side == 1 ? std::complex<float>(engine() % 2 ? 1.0f : -1.0f, 0.0f)
                          : std::complex<float>(part() / scale, part() / scale);
    }
    return x;
}

//! A static channel, and a phase that grows from row to row.
void pass(samples& x, double turns_a_row)
{
    for (std::size_t k = 0; k < x.size(); ++k) {
        const double col = k % columns, row = k / columns;
        const auto gain = std::polar(1.0 + 0.5 * std::sin(0.1 * col), 0.3 * col);
        x[k] *=
            std::complex<float>(gain * std::polar(1.0, 6.2831853 * turns_a_row * row));
    }
}

std::vector<element_row> rows_of(const samples& x)
{
    std::vector<element_row> rows;
    for (std::size_t r = 0; r < n_rows; ++r) {
        const auto* now = &x[(r + 1) * columns];
        rows.push_back({ now, now - columns, static_cast<double>(r), 0, 0, true });
    }
    return rows;
}

std::vector<float> planes_of(const std::vector<element_row>& rows,
                             std::size_t first = 0,
                             std::size_t last = columns,
                             bool bursts = false)
{
    element_planes kernel(columns, 3, bursts);
    std::vector<float> out(symbol_grid_planes.size() * plane, 99.0f);
    kernel.compute(rows, first, last, 0.0, out.data());
    return out;
}

double mean(const std::vector<float>& planes, std::size_t which)
{
    double sum = 0.0;
    for (std::size_t k = 0; k < plane; ++k) {
        sum += planes[which * plane + k];
    }
    return sum / plane;
}

} // namespace

BOOST_DATA_TEST_CASE(phases_tell_bpsk_from_qpsk_from_qam,
                     boost::unit_test::data::make({ 0.0, 0.07, 0.31, -0.42 }),
                     turns)
{
    samples bpsk = constellation(1), qpsk = constellation(2), qam = constellation(4);
    for (auto* x : { &bpsk, &qpsk, &qam }) {
        pass(*x, turns);
    }
    const auto b = planes_of(rows_of(bpsk)), q = planes_of(rows_of(qpsk)),
               m = planes_of(rows_of(qam));
    BOOST_TEST(mean(b, 1) > 0.999);
    BOOST_TEST(mean(b, 2) > 0.999);
    BOOST_TEST(std::fabs(mean(q, 1)) < 0.1);
    BOOST_TEST(mean(q, 2) > 0.999);
    BOOST_TEST(std::fabs(mean(m, 1)) < 0.1);
    BOOST_TEST(std::fabs(mean(m, 2) - 0.14) < 0.08); // |E exp(j 4 arg)|^2 of 16-QAM
}

BOOST_DATA_TEST_CASE(parts_lie_on_the_lattice,
                     boost::unit_test::data::make({ false, true }),
                     bursts)
{
    for (const int side : { 2, 4 }) {
        auto x = constellation(side);
        pass(x, 0.13);
        const auto planes = planes_of(rows_of(x), 0, columns, bursts);
        double near = 0.0; // cos of the distance to an odd multiple of the lattice
        const double lattice = std::sqrt(2.0 * (side * side - 1) / 3.0);
        for (std::size_t k = 3 * plane; k < 5 * plane; ++k) {
            near += std::cos(3.14159265 * (planes[k] * lattice - 1.0)) / (2 * plane);
        }
        // fitting the rows of bursts costs some of it
        BOOST_TEST(near > (side == 2 ? 0.95 : bursts ? 0.6 : 0.75));
        for (std::size_t k = 0; k < plane; ++k) {
            BOOST_REQUIRE(planes[3 * plane + k] >= planes[4 * plane + k]);
        }
    }
}

BOOST_AUTO_TEST_CASE(powers_are_in_dB_and_the_gain_is_added)
{
    const auto x = constellation(4);
    element_planes kernel(columns, 3, false);
    std::vector<float> out(symbol_grid_planes.size() * plane);
    kernel.compute(rows_of(x), 0, columns, 12.5, out.data());
    for (std::size_t k = 0; k < plane; ++k) {
        const double want = 10.0 * std::log10(std::norm(x[columns + k])) + 12.5;
        BOOST_REQUIRE(std::fabs(out[k] - want) < 2e-3);
    }
}

BOOST_AUTO_TEST_CASE(absent_rows_columns_and_silence_read_the_same)
{
    auto x = constellation(2);
    x[5 * columns + 20] = 0.0f; // row 4
    auto rows = rows_of(x);
    rows[9] = { nullptr, nullptr, 0.0, 7, 0, false };
    const auto planes = planes_of(rows, 8, 56);
    for (std::size_t k = 0; k < plane; ++k) {
        const std::size_t row = k / columns, col = k % columns;
        const bool heard = row != 9 && col >= 8 && col < 56 && !(row == 4 && col == 20);
        BOOST_REQUIRE((planes[k] > element_planes::floor_dB) == heard);
        for (std::size_t p = 1; p < symbol_grid_planes.size(); ++p) {
            BOOST_REQUIRE(std::isfinite(planes[p * plane + k]));
            BOOST_REQUIRE((heard || planes[p * plane + k] == 0.0f));
        }
    }
}

BOOST_AUTO_TEST_CASE(runs_do_not_reach_into_one_another)
{
    auto x = constellation(2);
    for (std::size_t k = 17 * columns; k < x.size(); ++k) {
        x[k] *= 100.0f; // another station
    }
    auto rows = rows_of(x);
    for (std::size_t r = 16; r < n_rows; ++r) {
        rows[r].run = 1;
    }
    const auto planes = planes_of(rows, 0, columns, true);
    for (std::size_t k = 0; k < plane; ++k) { // the square of QPSK, whatever the station
        BOOST_REQUIRE(std::fabs(std::hypot(planes[3 * plane + k], planes[4 * plane + k]) -
                                1.0) < 1e-3);
    }
}
