"""Numbers as they are printed: rounded text, signs, powers of ten and units."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from ..progress import clock

SKILLS = ("nse", "kge", "r2")
_RAISED = str.maketrans("0123456789-+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")


@dataclass(frozen=True)
class Number:
    """A number or word of a run: its value, the text to print, its unit, and the file it was read from."""

    value: Any
    text: str
    unit: str = ""
    file: str = ""


def skill(value: float, unit: str = "", file: str = "") -> Number:
    """Return a skill, with three decimals."""
    return Number(value, _signed(f"{value:.3f}"), printed_unit(unit), file)


def duration(seconds: float, file: str = "") -> Number:
    """Return a length of time, as minutes and seconds or hours and minutes."""
    return Number(seconds, clock(seconds), "", file)


def plain(value: Any, unit: str = "", file: str = "") -> Number:
    """Return a number that was set: three significant digits at most, or a word."""
    return Number(value, _text(value, keep=False), printed_unit(unit), file)


def found(value: Any, unit: str = "", file: str = "") -> Number:
    """Return a number that was found: three significant digits, zeros at the end among them, or a word."""
    return Number(value, _text(value, keep=True), printed_unit(unit), file)


def printed_unit(unit: str) -> str:
    """Return a UDUNITS string with raised exponents: ``g m-2 d-1`` gives ``g m⁻² d⁻¹``, ``1`` nothing."""
    if unit.strip() in ("", "1"):
        return ""
    text = re.sub(r"(?<=[A-Za-z])([-+]?\d+(?:\.\d+)?)", _raise, unit.strip())
    return text.replace("degC", "°C").replace("degree", "°")


def _raise(match: re.Match[str]) -> str:
    return match.group(1).replace(".", "·").translate(_RAISED)


def _text(value: Any, keep: bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _signed(str(value))
    if isinstance(value, float):
        return _float(value, keep)
    return str(value)


def _float(value: float, keep: bool) -> str:
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else _signed("-∞" if value < 0 else "∞")
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if -4 < power < 5:
        decimals = max(0, 2 - math.floor(math.log10(abs(float(f"{value:.3g}")))))
        text = f"{value:.{decimals}f}"
        return _signed(text.rstrip("0").rstrip(".") if "." in text and not keep else text)
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{_signed(digits)} × 10{str(int(exponent)).translate(_RAISED)}"


def _signed(text: str) -> str:
    """Return a number with a real minus, none before zero."""
    if re.fullmatch(r"-0(\.0+)?", text):
        text = text[1:]
    return text.replace("-", "−")
