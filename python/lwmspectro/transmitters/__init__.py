# SPDX-License-Identifier: GPL-3.0-or-later
"""Transmitters as GNU Radio sources, and what the command line shares with them.

``settings`` turns the few numbers that a person gives into a physical layer's configuration,
``sample_stream`` brings its endless waveform to a sample rate, ``piece_worker`` makes it in a
thread, and ``source_block`` and ``sources`` are the blocks.
"""
