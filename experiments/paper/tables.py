"""Numbers of JSON tables: rows are summed up over sites and named by the words that they hold."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .values import Number, found

PASSED = ("site", "unit")
"""Fields of a row that name nothing."""


def numbers(value: Any, file: str, prefix: str = "") -> Iterator[tuple[str, Number]]:
    """Yield the numbers of nested mappings and lists by dotted name.

    - a number or word: ``NAME``
    - a list of numbers: ``NAME`` is their median, with ``NAME.least``, ``NAME.most``, ``NAME.known`` and
      ``NAME.all`` (how many there are without and with those that are null)
    - a list of rows: each fractional number of a row is named ``LABEL.LABEL.FIELD`` by the words and whole
      numbers of the row but its site, and gives median, least and most over rows of the same name;
      ``percent`` is the change in percent of ``present`` where a row holds both
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from numbers(item, file, _join(prefix, str(key)))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        yield from _rows(value, file, prefix)
    elif isinstance(value, list) and all(item is None or _is_number(item) for item in value):
        known = [float(item) for item in value if item is not None]
        yield f"{prefix}.known", found(len(known), "", file)
        yield f"{prefix}.all", found(len(value), "", file)
        yield from _summary(known, file, prefix)
    elif isinstance(value, str | int | float):
        yield prefix, found(value, "", file)


def _rows(rows: Sequence[Mapping[str, Any]], file: str, prefix: str) -> Iterator[tuple[str, Number]]:
    groups: dict[str, list[float]] = {}
    words: dict[str, Any] = {}
    for row in rows:
        labels = [str(v) for k, v in row.items() if k not in PASSED and _is_label(v)]
        name = ".".join([prefix, *labels]) if prefix else ".".join(labels)
        for field, value in row.items():
            if isinstance(value, float):
                groups.setdefault(_join(name, field), []).append(value)
            elif isinstance(value, bool):
                words[_join(name, field)] = value
        if isinstance(row.get("present"), float) and isinstance(row.get("change"), float) and row["present"]:
            groups.setdefault(_join(name, "percent"), []).append(100.0 * row["change"] / row["present"])
    for name, value in words.items():
        yield name, found(value, "", file)
    for name, values in groups.items():
        yield from _summary(values, file, name)


def _summary(values: Sequence[float], file: str, name: str) -> Iterator[tuple[str, Number]]:
    known = [value for value in values if value == value]
    if known:
        yield name, found(statistics.median(known), "", file)
        yield f"{name}.least", found(min(known), "", file)
        yield f"{name}.most", found(max(known), "", file)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_label(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
