// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/tdl_fading.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <string>

namespace gr {
namespace lwmspectro {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double max_delay_s = 20e-6;
constexpr int n_waves = 16;            // sinusoids a tap: enough for a Gaussian look
constexpr double knots_per_cycle = 64; // of the fastest Doppler
constexpr double none_dB = -300.0;
constexpr double max_dB = 100.0;

void check(const tdl_profile& profile)
{
    const auto fail = [](const std::string& text) { throw std::invalid_argument(text); };
    if (profile.delays_s.empty() || profile.delays_s.size() != profile.powers_dB.size()) {
        fail("tdl_profile: expected as many powers as delays and at least one, got " +
             std::to_string(profile.powers_dB.size()) + " powers and " +
             std::to_string(profile.delays_s.size()) + " delays");
    }
    for (double delay : profile.delays_s) {
        if (!(delay >= 0.0 && delay <= max_delay_s)) {
            fail("tdl_profile: expected delays of 0 to 20e-6 s, got " +
                 std::to_string(delay));
        }
    }
    for (double power : profile.powers_dB) {
        if (!(power >= none_dB && power <= max_dB)) {
            fail("tdl_profile: expected powers of -300 to 100 dB, got " +
                 std::to_string(power));
        }
    }
    if (!(profile.k_factor_dB <= max_dB)) {
        fail("tdl_profile: expected k_factor_dB of at most 100, got " +
             std::to_string(profile.k_factor_dB));
    }
    if (!(std::fabs(profile.los_doppler_ratio) <= 1.0)) {
        fail("tdl_profile: expected los_doppler_ratio of -1 to 1, got " +
             std::to_string(profile.los_doppler_ratio));
    }
    if (!(profile.doppler_Hz >= 0.0 && profile.doppler_Hz <= 1e4)) {
        fail("tdl_profile: expected doppler_Hz of 0 to 1e4, got " +
             std::to_string(profile.doppler_Hz));
    }
    if (profile.los_tap < 0 ||
        static_cast<std::size_t>(profile.los_tap) >= profile.delays_s.size()) {
        fail("tdl_profile: expected los_tap below " +
             std::to_string(profile.delays_s.size()) + ", got " +
             std::to_string(profile.los_tap));
    }
}

} // namespace

tdl_fading::tdl_fading(double samp_rate, const tdl_profile& profile, uint64_t seed)
    : d_samp_rate(samp_rate)
{
    check_samp_rate(samp_rate);
    check(profile);
    const double fastest = std::max(profile.doppler_Hz, 1.0) * knots_per_cycle;
    d_interval = static_cast<std::size_t>(std::clamp(samp_rate / fastest, 16.0, 4096.0));

    double total = 0.0;
    for (double power : profile.powers_dB) {
        total += std::pow(10.0, power / 10.0);
    }
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> turn(0.0, 2.0 * pi);
    std::size_t longest = 0;
    for (std::size_t l = 0; l < profile.delays_s.size(); ++l) {
        tap t;
        const double delay = profile.delays_s[l] * samp_rate;
        t.delay = static_cast<std::size_t>(delay);
        longest = std::max(longest, t.delay);
        const double fraction = delay - t.delay;
        for (std::size_t k = 0; k < sinc_len; ++k) {
            // windowed sinc centred group_delay samples after the tap's own delay
            const double u = static_cast<double>(k) - group_delay - fraction;
            const double sinc = std::fabs(u) < 1e-9 ? 1.0 : std::sin(pi * u) / (pi * u);
            t.sinc[k] = static_cast<float>(
                sinc * (0.5 + 0.5 * std::cos(2.0 * pi * u / sinc_len)));
        }
        const double power = std::pow(10.0, profile.powers_dB[l] / 10.0) / total;
        const bool los =
            static_cast<int>(l) == profile.los_tap && profile.k_factor_dB > none_dB;
        const double k_factor = los ? std::pow(10.0, profile.k_factor_dB / 10.0) : 0.0;
        const double diffuse = std::sqrt(power / (1.0 + k_factor) / n_waves);
        const double rotation = turn(engine);
        for (int m = 0; m < n_waves; ++m) {
            // equally spaced angles of arrival, turned at random: the Jakes spectrum
            const double angle = (2.0 * pi * m + rotation) / n_waves;
            t.waves.push_back(
                { profile.doppler_Hz * std::cos(angle), turn(engine), diffuse });
        }
        const double phase = turn(engine);
        if (los) {
            t.waves.push_back({ profile.doppler_Hz * profile.los_doppler_ratio,
                                phase,
                                std::sqrt(power * k_factor / (1.0 + k_factor)) });
        }
        d_taps.push_back(std::move(t));
    }
    d_history = longest + sinc_len - 1;
    d_line.assign(d_history, { 0.0f, 0.0f });
}

std::complex<double> tdl_fading::gain(const tap& t, uint64_t knot) const
{
    const double time = static_cast<double>(knot * d_interval) / d_samp_rate;
    std::complex<double> sum = 0.0;
    for (const auto& wave : t.waves) {
        sum += std::polar(wave.amplitude, 2.0 * pi * wave.freq_Hz * time + wave.phase);
    }
    return sum;
}

void tdl_fading::run(uint64_t knot,
                     std::size_t offset,
                     std::complex<float>* out,
                     std::size_t n)
{
    const std::size_t within = d_index % d_interval;
    const auto* line = reinterpret_cast<const float*>(d_line.data());
    auto* y = reinterpret_cast<float*>(out);
    std::fill_n(y, 2 * n, 0.0f);
    for (const auto& t : d_taps) {
        const std::complex<double> g0 = gain(t, knot);
        const std::complex<double> step =
            (gain(t, knot + 1) - g0) / static_cast<double>(d_interval);
        const std::complex<double> at = g0 + step * static_cast<double>(within);
        const auto gr = static_cast<float>(at.real()), gi = static_cast<float>(at.imag());
        const auto sr = static_cast<float>(step.real()),
                   si = static_cast<float>(step.imag());
        const float* x = line + 2 * (offset + d_history - t.delay);
        for (std::size_t i = 0; i < n; ++i) {
            float re = 0.0f, im = 0.0f;
            for (std::size_t k = 0; k < sinc_len; ++k) {
                const float* past = x + 2 * static_cast<std::ptrdiff_t>(i) -
                                    2 * static_cast<std::ptrdiff_t>(k);
                re += t.sinc[k] * past[0];
                im += t.sinc[k] * past[1];
            }
            const float hr = gr + sr * i, hi = gi + si * i;
            y[2 * i] += hr * re - hi * im;
            y[2 * i + 1] += hr * im + hi * re;
        }
    }
}

void tdl_fading::process(const std::complex<float>* in,
                         std::complex<float>* out,
                         std::size_t n)
{
    d_line.resize(d_history);
    d_line.insert(d_line.end(), in, in + n);
    for (std::size_t done = 0; done < n;) {
        const uint64_t knot = d_index / d_interval;
        const std::size_t left = d_interval - d_index % d_interval;
        const std::size_t now = std::min(left, n - done);
        run(knot, done, out + done, now);
        d_index += now;
        done += now;
    }
    d_line.erase(d_line.begin(), d_line.end() - d_history);
}

} // namespace lwmspectro
} // namespace gr
