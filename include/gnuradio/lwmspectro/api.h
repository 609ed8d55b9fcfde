// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef INCLUDED_LWMSPECTRO_API_H
#define INCLUDED_LWMSPECTRO_API_H

#include <gnuradio/attributes.h>

#ifdef gnuradio_lwmspectro_EXPORTS
#define LWMSPECTRO_API __GR_ATTR_EXPORT
#else
#define LWMSPECTRO_API __GR_ATTR_IMPORT
#endif

#endif
