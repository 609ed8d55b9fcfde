// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SYMBOL_TIMING_H
#define INCLUDED_LWMSPECTRO_SYMBOL_TIMING_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/numerology.h>
#include <volk/volk_alloc.hh>
#include <complex>
#include <cstddef>
#include <vector>

namespace gr {
namespace lwmspectro {

//! A symbol that was found. Times are in samples, and need not be whole.
struct LWMSPECTRO_API timed_symbol {
    double start; //!< of the FFT window, half a prefix before the useful part
    bool first;   //!< of its period: it comes after a longer prefix
    bool usable;  //!< carries data: neither silent nor a training field
};

/*!
 * \brief Symbols that follow one another, one carrier offset for all.
 *
 * The first of \p symbols is there only for the phase of the second to be compared with.
 */
struct LWMSPECTRO_API symbol_run {
    double offset_Hz; //!< carrier offset, but for whole subcarrier spacings
    std::vector<timed_symbol> symbols;
};

/*!
 * \brief Where the symbols of a numerology lie, by their cyclic prefixes alone.
 *
 * A prefix is the end of its symbol sent ahead: x[n] conj(x[n + N]), N the useful length,
 * has the same angle in all prefixes, which is that of the carrier offset, and any angle
 * elsewhere. Runs come in the order of time, the strongest that there are.
 */
class LWMSPECTRO_API symbol_timing
{
public:
    symbol_timing(double samp_rate, const numerology& kind);

    //! Symbols a run, without the one that comes before.
    static constexpr std::size_t cellular_run = 14, burst_run = 16;

    /*!
     * At most \p max_runs runs in \p n samples. Whole symbols only, with \p margin
     * samples before and after them.
     */
    std::vector<symbol_run> find(const std::complex<float>* x,
                                 std::size_t n,
                                 std::size_t max_runs,
                                 std::size_t margin);

private:
    using cfloat = std::complex<float>;

    //! A period, folded, and the best start of a prefix in it.
    struct peak {
        double at;                // samples after the start of the fold
        std::complex<double> sum; // of the products of the prefixes
        double power;             // of all products that were folded, for bursts
    };
    //! Sums over \p len folded products from each on, twice around the period.
    void sum_prefixes(double len, volk::vector<cfloat>& sums) const;
    //! The start from which all prefixes of the folded period sum up best.
    peak best_start();
    //! Folds periods \p first to \p last, every \p step th, from sample \p begin on.
    peak fold(const cfloat* x,
              double begin,
              std::size_t first,
              std::size_t last,
              std::size_t step);
    std::vector<symbol_run> find_carrier(const cfloat* x,
                                         std::size_t n,
                                         std::size_t max_runs,
                                         std::size_t margin);
    std::vector<symbol_run>
    find_bursts(const cfloat* x, std::size_t n, std::size_t max_runs, std::size_t margin);
    //! Symbols from period \p first on, of periods that start at \p begin.
    symbol_run run_at(double begin, std::size_t first, std::size_t n, double angle) const;
    //! Start of the FFT window of a symbol, in samples.
    double window_start(double begin, double period, std::size_t symbol) const;
    //! Whether \p n samples hold such a run of so many \p symbols.
    bool fits(double begin,
              std::size_t first,
              std::size_t symbols,
              std::size_t n,
              std::size_t margin) const;
    //! Says which symbols of a burst carry no data.
    void judge(const cfloat* x, std::size_t n, symbol_run& run) const;

    double d_samp_rate;
    numerology d_kind;
    double d_period;                     // samples
    std::size_t d_len;                   // whole samples of a period
    std::size_t d_lag;                   // of the products: the useful length
    std::size_t d_prefix;                // samples
    std::vector<double> d_prefix_starts; // of a period, samples
    std::size_t d_steps = 1;             // of the search, a sample
    volk::vector<cfloat> d_folded;
    std::vector<std::complex<double>> d_running; // sums of d_folded, around and around
    volk::vector<cfloat> d_sums, d_first_sums;   // over a prefix from each sample on
    volk::vector<cfloat> d_scores;               // over all prefixes of a period
};

} // namespace lwmspectro
} // namespace gr

#endif
