# SPDX-License-Identifier: GPL-3.0-or-later
"""The baselines: networks from images (b, planes, rows, columns) to logits (b, classes)."""
