// SPDX-License-Identifier: GPL-3.0-or-later
#include "fractional_delay.h"
#include "vector_clones.h"
#include <gnuradio/lwmspectro/tdl_fading.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int n_waves = 32;            // sinusoids a tap: enough for a Gaussian look
constexpr double knots_per_cycle = 64; // of the fastest Doppler
constexpr double none_dB = -300.0;

double from_dB(double power_dB) { return std::pow(10.0, power_dB / 10.0); }

//! One value of a vector that may be empty.
double at_or(const std::vector<double>& values, std::size_t index, double otherwise)
{
    return values.empty() ? otherwise : values[index];
}

//! A gain that goes in a straight line.
struct ramp {
    float re, im, step_re, step_im;
};

/*!
 * Adds to \p out what a tap with the gain \p h gives. \p re, \p im: the samples; those
 * before the first are read, too. \p begin: steps of the ramp before the first.
 */
LWMSPECTRO_VECTOR_CLONES
void add_tap(const float* re,
             const float* im,
             const float* fir,
             const ramp& h,
             std::size_t begin,
             float* out_re,
             float* out_im,
             std::size_t n)
{
    std::array<float, fractional_taps> c;
    std::copy_n(fir, c.size(), c.begin()); // so that no output can change it
    const float first = static_cast<float>(begin);
    for (int k = 0; k < static_cast<int>(n); ++k) {
        float a = 0.0f, b = 0.0f;
        for (int j = 0; j < static_cast<int>(c.size()); ++j) {
            a += c[j] * re[k - j];
            b += c[j] * im[k - j];
        }
        const float at = first + static_cast<float>(k);
        const float hr = h.re + h.step_re * at, hi = h.im + h.step_im * at;
        out_re[k] += hr * a - hi * b;
        out_im[k] += hr * b + hi * a;
    }
}

} // namespace

static_assert(tdl_fading::group_delay == fractional_group_delay, "they are one");

tdl_fading::tdl_fading(double samp_rate, const tdl_profile& profile, uint64_t seed)
    : d_samp_rate(samp_rate), d_engine(seed), d_out_re(piece), d_out_im(piece)
{
    check_samp_rate(samp_rate);
    d_history = static_cast<std::size_t>(max_path_delay_s * samp_rate) + n_fir;
    d_re.assign(d_history + piece, 0.0f);
    d_im.assign(d_history + piece, 0.0f);
    set_profile(profile);
}

void tdl_fading::set_profile(const tdl_profile& profile)
{
    profile.validate();
    d_profile = profile;
    double total = 0.0;
    for (double power_dB : profile.powers_dB) {
        total += from_dB(power_dB);
    }
    d_taps.clear();
    for (std::size_t path = 0; path < profile.delays_s.size(); ++path) {
        d_taps.push_back(make_tap(path, from_dB(profile.powers_dB[path]) / total));
    }
    set_steps();
    d_within = 0;
    for (auto& t : d_taps) {
        advance(t);
    }
}

tdl_fading::tap tdl_fading::make_tap(std::size_t path, double power)
{
    std::uniform_real_distribution<double> turn(0.0, 2.0 * pi);
    tap t;
    const double delay = d_profile.delays_s[path] * d_samp_rate;
    t.delay = static_cast<std::size_t>(delay);
    t.fir = fractional_delay(delay - t.delay);
    const double k_factor_dB = at_or(d_profile.k_factors_dB, path, -400.0);
    const double k_factor = k_factor_dB > none_dB ? from_dB(k_factor_dB) : 0.0;
    const double diffuse = std::sqrt(power / (1.0 + k_factor) / n_waves);
    const double rotation = turn(d_engine);
    for (int m = 0; m < n_waves; ++m) {
        // equally spaced angles of arrival, turned at random: the Jakes spectrum
        const double angle = (2.0 * pi * m + rotation) / n_waves;
        t.waves.push_back(
            { std::polar(diffuse, turn(d_engine)), std::cos(angle), { 1.0, 0.0 } });
    }
    const double phase = turn(d_engine);
    if (k_factor > 0.0) {
        const double sight = std::sqrt(power * k_factor / (1.0 + k_factor));
        const double ratio =
            at_or(d_profile.los_doppler_ratios, path, default_los_doppler_ratio);
        t.waves.push_back({ std::polar(sight, phase), ratio, { 1.0, 0.0 } });
    }
    return t;
}

void tdl_fading::set_steps()
{
    const double fastest = std::max(d_profile.doppler_Hz, 1.0) * knots_per_cycle;
    d_interval =
        static_cast<std::size_t>(std::clamp<double>(d_samp_rate / fastest, 4, piece));
    const double turns = d_profile.doppler_Hz * d_interval / d_samp_rate;
    for (auto& t : d_taps) {
        t.to = 0.0;
        for (auto& w : t.waves) {
            w.step = std::polar(1.0, 2.0 * pi * turns * w.doppler_ratio);
            t.to += w.now;
        }
    }
}

void tdl_fading::set_doppler(double doppler_Hz)
{
    tdl_profile changed = d_profile;
    changed.doppler_Hz = doppler_Hz;
    changed.validate();
    // waves stand where they are at this sample, between two knots
    const double passed = static_cast<double>(d_within) / d_interval;
    for (auto& t : d_taps) {
        for (auto& w : t.waves) {
            // `now` is a knot ahead of the line that is being followed
            w.now *= std::polar(1.0, std::arg(w.step) * (passed - 1.0));
        }
    }
    d_profile = changed;
    set_steps();
    d_within = 0;
    for (auto& t : d_taps) {
        advance(t);
    }
}

void tdl_fading::advance(tap& t)
{
    t.from = t.to;
    t.to = 0.0;
    for (auto& w : t.waves) {
        w.now *= w.step;
        t.to += w.now;
    }
}

void tdl_fading::run(std::size_t offset, std::complex<float>* out, std::size_t n)
{
    std::fill_n(d_out_re.begin(), n, 0.0f);
    std::fill_n(d_out_im.begin(), n, 0.0f);
    for (const auto& t : d_taps) {
        const std::complex<float> from(t.from);
        const std::complex<float> step((t.to - t.from) / static_cast<double>(d_interval));
        const std::size_t at = d_history + offset - t.delay;
        add_tap(&d_re[at],
                &d_im[at],
                t.fir.data(),
                { from.real(), from.imag(), step.real(), step.imag() },
                d_within,
                d_out_re.data(),
                d_out_im.data(),
                n);
    }
    volk_32f_x2_interleave_32fc(
        out, d_out_re.data(), d_out_im.data(), static_cast<unsigned int>(n));
}

void tdl_fading::process(const std::complex<float>* in,
                         std::complex<float>* out,
                         std::size_t n)
{
    for (std::size_t done = 0; done < n;) {
        const std::size_t taken = std::min(piece, n - done);
        volk_32fc_deinterleave_32f_x2(&d_re[d_history],
                                      &d_im[d_history],
                                      in + done,
                                      static_cast<unsigned int>(taken));
        for (std::size_t k = 0; k < taken;) {
            const std::size_t now = std::min(d_interval - d_within, taken - k);
            run(k, out + done + k, now);
            k += now;
            d_within += now;
            if (d_within == d_interval) {
                d_within = 0;
                for (auto& t : d_taps) {
                    advance(t);
                }
            }
        }
        std::copy_n(d_re.begin() + taken, d_history, d_re.begin());
        std::copy_n(d_im.begin() + taken, d_history, d_im.begin());
        done += taken;
    }
}

} // namespace lwmspectro
} // namespace gr
