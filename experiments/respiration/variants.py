"""What is said beforehand about the base rate: the variants that the experiment compares."""

from __future__ import annotations

from dataclasses import dataclass

RADIATION = ("sw_pot", "dsw_pot")
"""Potential radiation and its change, which the base rate truly depends on."""

TEMPERATURE = "tas"
"""Mean air temperature, a quantity of the process, which the known response reads."""


@dataclass(frozen=True)
class Variant:
    """A hybrid of which more or less is said.

    Attributes:
        name: name in files and scores.
        label: name in figures and text.
        inputs: what the base rate's network reads.
        quiet: inputs to which the network's sensitivity is penalised.
        assumption: what is said beforehand about temperature, as a sentence.
    """

    name: str
    label: str
    inputs: tuple[str, ...]
    quiet: tuple[str, ...]
    assumption: str


_DECLARED = (
    Variant(
        "radiation",
        "radiation",
        RADIATION,
        (),
        "The base rate cannot depend on temperature, which is not among the network's inputs.",
    ),
    Variant(
        "temperature",
        "radiation and temperature",
        (*RADIATION, TEMPERATURE),
        (),
        "None: the network may depend on temperature as it likes.",
    ),
    Variant(
        "temperature_quiet",
        "radiation and temperature, penalised",
        (*RADIATION, TEMPERATURE),
        (TEMPERATURE,),
        "Temperature belongs to the equation, so the network's sensitivity to it is penalised.",
    ),
)

VARIANTS: dict[str, Variant] = {v.name: v for v in _DECLARED}
"""Variants by name, in the order of figures and tables."""
