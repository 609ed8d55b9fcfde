// SPDX-License-Identifier: GPL-3.0-or-later
#include <gnuradio/lwmspectro/numerology.h>
#include <stdexcept>

namespace gr {
namespace lwmspectro {

const numerology& numerology_of(const std::string& name)
{
    std::string known;
    for (const auto& candidate : numerologies) {
        if (name == candidate.name) {
            return candidate;
        }
        known += (known.empty() ? "" : ", ") + std::string(candidate.name);
    }
    throw std::invalid_argument("grid: expected one of " + known + ", got " + name);
}

} // namespace lwmspectro
} // namespace gr
