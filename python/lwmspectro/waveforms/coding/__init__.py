# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel coding of the synthetic physical layers: plain numpy on uint8 arrays of bits."""
