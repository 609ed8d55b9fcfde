// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_API_H
#define INCLUDED_LWMSPECTRO_API_H

#if __has_include(<gnuradio/attributes.h>)
#include <gnuradio/attributes.h>
#else // the kernels alone are built without GNU Radio
#define __GR_ATTR_EXPORT __attribute__((visibility("default")))
#define __GR_ATTR_IMPORT __attribute__((visibility("default")))
#endif

#ifdef gnuradio_lwmspectro_EXPORTS
#define LWMSPECTRO_API __GR_ATTR_EXPORT
#else
#define LWMSPECTRO_API __GR_ATTR_IMPORT
#endif

#endif
