"""CSV tables as arrays: whole rows, numbers only, times of any FLUXNET form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, listing

if TYPE_CHECKING:
    import pandas as pd

MISSING = -9999.0
NOT_AVAILABLE = ["NA", "NaN", "nan", "", "-9999", "-9999.0", "-9999.00"]


def header(path: Path) -> list[str]:
    """Return the column names of a CSV file.

    Raises:
        DataError: where the file is empty, no text, or names a column twice.
    """
    try:
        with path.open("rb") as stream:
            first = stream.readline()
            stream.seek(0, 2)
            size = stream.tell()
            stream.seek(max(size - 65536, 0))
            tail = stream.read()
        if b"\0" in first + tail:
            raise UnicodeDecodeError("utf-8", first, 0, 1, "binary")
        names = [n.strip().strip('"') for n in first.decode("utf-8-sig").rstrip("\r\n").split(",")]
    except PermissionError as error:
        raise DataError("the file may not be read", str(path), "change its rights") from error
    except UnicodeDecodeError as error:
        raise DataError("the file is no text", path.name, "give a comma-separated table") from error
    except OSError as error:
        raise DataError("the file cannot be read", str(path), "check its path") from error
    if size == 0 or names == [""]:
        raise DataError("the file is empty", path.name, "copy it again from its source")
    doubled = sorted({n for n in names if n and names.count(n) > 1})
    if doubled:
        raise DataError(f"the column {listing(doubled)} occurs twice", path.name, "keep one of each")
    return names


def check_rows(path: Path, fields: int) -> None:
    """Check that every row has as many fields as the header; rows with quotes are passed over.

    Raises:
        DataError: naming the first row at fault, and where it is the last, that the file is cut short.
    """
    with path.open("rb") as stream:
        rows = enumerate(stream, 1)
        counts = ((row, line.count(b",") + 1) for row, line in rows if line.strip() and b'"' not in line)
        fault = next(((row, count) for row, count in counts if count != fields), None)
        more = next(rows, None)
    if fault is None:
        return
    row, count = fault
    if more is None and count < fields:
        raise DataError(
            f"the last row has {count} of {fields} fields, the file is cut short",
            path.name,
            "copy it again from its source",
        )
    raise DataError(f"row {row} has {count} fields, the header {fields}", path.name, "correct the row")


def read_table(path: Path, wanted: set[str], text: set[str]) -> pd.DataFrame:
    """Read some columns of a CSV file; -9999, NA and empty fields become NaN.

    Args:
        path: the file.
        wanted: names of number columns to read where present.
        text: names of columns to keep as text where present.

    Raises:
        DataError: where rows do not parse, there are none, or a number column holds text.
    """
    import pandas as pd

    names = header(path)
    check_rows(path, len(names))
    numbers = [n for n in names if n in wanted]
    kept = [n for n in names if n in text]
    try:
        table = pd.read_csv(
            path,
            usecols=[*kept, *numbers],
            dtype=dict.fromkeys(kept, str),
            na_values=NOT_AVAILABLE,
            keep_default_na=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
            low_memory=False,
        )
    except (pd.errors.ParserError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].removeprefix("Error tokenizing data. C error: ")
        raise DataError(f"the table does not parse, {reason}", path.name, "correct the row") from error
    if not len(table):
        raise DataError("the table has no rows", path.name, "copy it again from its source")
    for name in numbers:
        column: Any = table[name]
        if column.dtype.kind not in "fiu":
            converted: Any = pd.to_numeric(column, errors="coerce")
            bad = np.flatnonzero((converted.isna() & column.notna()).to_numpy())
            if len(bad):
                raise DataError(
                    f"'{column.iloc[int(bad[0])]}' is no number",
                    f"{path.name}, column {name}, row {int(bad[0]) + 2}",
                    "correct it or write NA",
                )
            column = converted
        values = column.to_numpy(dtype=np.float64)
        table[name] = np.where(values == MISSING, np.nan, values)
    return table


def parse_times(column: Any, where: str) -> tuple[np.ndarray, bool]:
    """Parse time stamps written YYYYMMDD, YYYYMMDDHHMM, YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS].

    Args:
        column: time stamps as text, a pandas Series.
        where: file and column, for the error.

    Returns:
        Times as datetime64[m], and whether the stamps carry a time of day.

    Raises:
        DataError: naming the row of the first stamp that is none of these or no date.
    """
    text = column.fillna("").astype(str).str.strip().str.removesuffix(".0")
    form = text.str.fullmatch(r"\d{8}|\d{12}|\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?").to_numpy(
        dtype=bool
    )
    if not form.all():
        at = int(np.flatnonzero(~form)[0])
        raise DataError(
            f"the time stamp '{text.iloc[at]}' is not understood",
            f"{where}, row {at + 2}",
            "write YYYYMMDD, YYYYMMDDHHMM or YYYY-MM-DD",
        )
    digits = text.str.replace(r"[-: T]", "", regex=True).str.slice(0, 12)
    lengths = digits.str.len().to_numpy()
    if len(np.unique(lengths)) > 1:
        at = int(np.flatnonzero(lengths != lengths[0])[0])
        raise DataError(
            f"the time stamp '{text.iloc[at]}' has another form than the first, '{text.iloc[0]}'",
            f"{where}, row {at + 2}",
            "write all stamps in one form",
        )
    fine = bool(lengths[0] == 12)
    iso = digits.str.slice(0, 4) + "-" + digits.str.slice(4, 6) + "-" + digits.str.slice(6, 8)
    if fine:
        iso = iso + "T" + digits.str.slice(8, 10) + ":" + digits.str.slice(10, 12)
    stamps = iso.to_numpy(dtype=str)
    try:
        return stamps.astype("datetime64[m]"), fine
    except ValueError:
        at = next(i for i, s in enumerate(stamps) if not _is_date(s))
        raise DataError(
            f"'{text.iloc[at]}' is no date", f"{where}, row {at + 2}", "correct the time stamp"
        ) from None


def _is_date(text: str) -> bool:
    try:
        np.datetime64(text)
    except ValueError:
        return False
    return True
