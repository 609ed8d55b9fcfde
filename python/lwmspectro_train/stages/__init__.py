# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data set to a model bundle: the stages of training, each a module."""
