// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef LWMSPECTRO_VECTOR_CLONES_H
#define LWMSPECTRO_VECTOR_CLONES_H

// A loop that VOLK has no kernel for is compiled for several x86-64 levels, and the
// loader takes the best that the machine has. Files whose sums have to be the same in all
// clones are compiled without contraction to fused operations (lib/CMakeLists.txt).
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LWMSPECTRO_VECTOR_CLONES \
    __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LWMSPECTRO_VECTOR_CLONES
#endif

#endif
