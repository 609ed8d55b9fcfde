// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_FLOAT_ENVIRONMENT_H
#define INCLUDED_LWMSPECTRO_FLOAT_ENVIRONMENT_H

#include <cfenv>

namespace gr {
namespace lwmspectro {

/*!
 * \brief Gives the caller's thread its floating-point environment back.
 *
 * VOLK's ORC kernels (volk_32fc_32f_multiply_32fc among them, VOLK 2.5.2) leave the
 * processor flushing subnormal numbers to zero, for whatever runs in that thread next.
 */
class float_environment
{
public:
    float_environment() { std::fegetenv(&d_saved); }
    ~float_environment() { std::fesetenv(&d_saved); }
    float_environment(const float_environment&) = delete;
    float_environment& operator=(const float_environment&) = delete;

private:
    std::fenv_t d_saved;
};

} // namespace lwmspectro
} // namespace gr

#endif
