# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic physical layers, numpy only.

Every physical layer is a module with one frozen configuration class, drawn by its ``random``
class method, and a function ``waveform(cfg, duration_s, rng)`` that returns complex64 samples at
``cfg.samp_rate``, centred on the carrier, of unit mean power while transmitting.

``wifi``, ``lte``, ``nr`` are the protocols, ``single_carrier`` the paper's own link, and
``negatives`` everything that is none of the protocols. Each of the first four also has an endless
``Transmitter``. ``resample.place`` moves a waveform to the rate and offset of a receiver,
``common.add_awgn`` adds its noise and ``frontend.apply`` its imperfections, in this order.
"""
