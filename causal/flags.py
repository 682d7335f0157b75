"""What may be wrong with a cell, as bits."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """Bits of ``flag``: none set means that nothing was amiss."""

    MISSING = 1
    """Some values are missing: tests rest on the samples that their own nodes share."""
    EMPTY = 2
    """A variable has no value at all: its links are 0 with p 1."""
    CONSTANT = 4
    """A variable does not vary: its links are 0 with p 1."""
    DEPENDENT = 8
    """Some condition follows (nearly) from others: it was left out, or digits were lost."""
    SHORT = 16
    """Some tests had no degree of freedom left: 0 with p 1."""
    FAILED = 32
    """The engine failed on the cell: 0 with p 1 throughout."""


def attributes() -> dict[str, object]:
    """Attributes of a flag variable by the CF conventions."""
    return {
        "flag_masks": [int(flag) for flag in Flag],
        "flag_meanings": " ".join(flag.name.lower() for flag in Flag if flag.name),
        "long_name": "what may be wrong with the cell",
    }
