# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's tables and figures, measured again on a city that no training saw.

A *study* is a grid of *cells*: one method, so many windows per class, one seed. All methods of a
study get the same windows (``splits``). A finished cell is a row of a CSV file at once (``cells``);
what is drawn and written (``report``, ``plots``) is made from these rows and from nothing else.

``methods`` is the only module that knows the model: the baselines are in ``networks``.
"""
