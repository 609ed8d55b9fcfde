# SPDX-License-Identifier: GPL-3.0-or-later
"""LWM-Spectro: the model of the paper, one idea a file. Equation numbers are the paper's.

Letters in the comments on shapes: b windows, n tokens, d width of the encoder, h heads,
e elements of a patch, c planes of an element.
"""
