// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_SPECTROGRAM_H
#define INCLUDED_LWMSPECTRO_SPECTROGRAM_H

#include <gnuradio/lwmspectro/api.h>
#include <gnuradio/lwmspectro/fft_plan.h>
#include <gnuradio/lwmspectro/window_spec.h>
#include <volk/volk_alloc.hh>
#include <complex>

namespace gr {
namespace lwmspectro {

//! FFT length and hop of the Welch average inside one frame.
struct LWMSPECTRO_API welch_grid {
    std::size_t n_fft;
    std::size_t hop;
    std::size_t n_segments;

    /*!
     * Frames shorter than 2048 samples: n_fft = n_bins, half overlapped, so that few
     * samples are used well. Longer ones: n_fft = 2 n_bins end to end, because there
     * are segments enough to average. Throws std::invalid_argument for a frame that
     * cannot hold one FFT.
     */
    static welch_grid of(std::size_t frame_len, std::size_t n_bins);
};

/*!
 * \brief C0: one frame of samples to n_bins powers in dB (LWM-Spectro, eq. 7-10).
 *
 * Welch average of |STFT|^2 with a periodic Hann window, frequency shifted, pooled to
 * n_bins by the mean of linear power, then 10 log10. White noise of unit power reads
 * 0 dB at every sample rate; silence reads floor_dB.
 */
class LWMSPECTRO_API spectrogram
{
public:
    static constexpr float floor_dB = -200.0f;

    spectrogram(double samp_rate, const window_spec& spec);

    const welch_grid& grid() const { return d_grid; }

    //! \p frame: at least grid().n_fft samples of the frame. \p out_dB: n_bins floats.
    void frame(const std::complex<float>* frame, float* out_dB);

private:
    std::size_t d_n_bins;
    welch_grid d_grid;
    float d_scale;
    fft_plan d_fft;
    volk::vector<float> d_window; // each weight twice, for both parts of a sample
    volk::vector<float> d_sum;
};

} // namespace lwmspectro
} // namespace gr

#endif
