// SPDX-License-Identifier: GPL-3.0-or-later
#include "decibels.h"
#include "vector_clones.h"
#include <cstdint>
#include <cstring>

namespace gr {
namespace lwmspectro {

// ln x = e ln 2 + ln m with m from 1/sqrt 2 to sqrt 2, and ln m = 2 atanh(z) for
// z = (m - 1) / (m + 1), |z| < 0.172: four terms of the series leave 2e-8.
LWMSPECTRO_VECTOR_CLONES
void to_decibels(const float* x, float* out, std::size_t n)
{
    constexpr int32_t root_half = 0x3f3504f3; // 1/sqrt 2
    constexpr float db_per_octave = 3.01029995663981f;
    constexpr float db_per_neper = 4.34294481903252f; // of power
    for (std::size_t k = 0; k < n; ++k) {
        int32_t bits;
        std::memcpy(&bits, x + k, sizeof(bits));
        const int32_t exponent = (bits - root_half) >> 23;
        bits -= exponent * (1 << 23);
        float m;
        std::memcpy(&m, &bits, sizeof(m));
        const float z = (m - 1.0f) / (m + 1.0f);
        const float z2 = z * z;
        const float series =
            2.0f + z2 * (2.0f / 3.0f + z2 * (2.0f / 5.0f + z2 * (2.0f / 7.0f)));
        out[k] = db_per_octave * static_cast<float>(exponent) + db_per_neper * z * series;
    }
}

} // namespace lwmspectro
} // namespace gr
