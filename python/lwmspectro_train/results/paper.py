# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's own figures, to stand beside ours: tables II and III, percent."""

from __future__ import annotations

Table = dict[str, tuple[float, ...]]

TABLE_2_COUNTS = (5, 10, 20, 50, 100, 200, 400)
TABLE_2: Table = {
    "lwm_ft": (76.53, 91.24, 92.93, 93.92, 94.43, 94.85, 95.14),
    "lwm": (47.41, 52.15, 78.84, 89.26, 90.82, 91.12, 92.01),
    "deep_cnn": (44.64, 46.28, 50.91, 53.45, 82.27, 90.03, 90.54),
    "resnet18": (28.27, 30.35, 40.02, 41.54, 48.86, 49.92, 50.13),
    "efficientnet": (30.74, 35.82, 38.95, 39.43, 40.13, 41.08, 42.28),
    "mobilenet": (7.12, 10.94, 27.71, 30.37, 36.42, 37.75, 39.94),
}
"""F1, by method and count per class."""

TABLE_3_COUNTS = (100, 200, 400, 800, 1600, 3200)
TABLE_3: Table = {
    "lwm": (89.77, 90.36, 90.45, 90.81, 91.12, 91.50),
    "deep_cnn": (39.41, 43.53, 55.49, 63.95, 79.61, 88.60),
    "resnet18": (32.92, 35.17, 34.46, 39.17, 88.29, 90.37),
}
"""F1, by method and count per class."""

TABLE_3_ACCURACY: Table = {
    "lwm": (89.79, 90.39, 90.51, 90.84, 91.63, 92.03),
    "deep_cnn": (43.81, 47.94, 56.65, 64.81, 79.70, 88.64),
    "resnet18": (44.10, 45.33, 47.75, 49.34, 88.32, 90.11),
}


def table_2(method: str, count: int) -> float | None:
    """F1 in percent; None where the paper has no such figure."""
    return _find(TABLE_2, TABLE_2_COUNTS, method, count)


def table_3(method: str, count: int) -> float | None:
    """As :func:`table_2`. Its mixture stands beside the frozen experts behind the router."""
    return _find(TABLE_3, TABLE_3_COUNTS, method, count)


def table_3_accuracy(method: str, count: int) -> float | None:
    """As :func:`table_3`, of the accuracy."""
    return _find(TABLE_3_ACCURACY, TABLE_3_COUNTS, method, count)


def _find(table: Table, counts: tuple[int, ...], method: str, count: int) -> float | None:
    if method not in table or count not in counts:
        return None
    return table[method][counts.index(count)]
