"""The tidy table of scores: model, target, metric, split, group, value; written, read and summarised."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import RunError
from data.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("model", "target", "metric", "split", "group", "value")
KEYS = COLUMNS[:-1]
HIGHER_IS_BETTER = {"nse": True, "kge": True, "r2": True, "rmse": False, "mae": False}


def write(path: Path, rows: Iterable[Mapping[str, Any] | Sequence[Any]] | pd.DataFrame) -> Path:
    """Write scores as CSV, whole or not at all, with every digit of each value.

    Args:
        path: the file, usually ``folder.scores``.
        rows: mappings or tuples of the six columns in order, or a data frame with them.

    Raises:
        RunError: where a column is missing or a row is given twice.
    """
    frame = _check(_frame(rows), path)
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    return path


def read(path: Path) -> pd.DataFrame:
    """Return the scores as a data frame; values are float64, missing ones NaN.

    Raises:
        RunError: where the file is missing, cut short or holds something else.
    """
    import pandas as pd

    try:
        text = path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            raise RunError("the scores are cut short", str(path), "run the experiment again")
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise RunError("the run has no scores", str(path), "finish it with terrax run --resume") from None
    except (ValueError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(
            f"the scores cannot be read, {reason}", str(path), "run the experiment again"
        ) from None
    return _check(frame, path)


def medians(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the median over groups per split, metric, target and model, with the number of groups."""
    keys = ["split", "metric", "target", "model"]
    grouped = frame.dropna(subset=["value"]).groupby(keys, sort=False)["value"]
    return grouped.agg(median="median", groups="count").reset_index()


def only(frame: pd.DataFrame, **values: str) -> pd.DataFrame:
    """Return the rows where each named column has the given value."""
    for name, value in values.items():
        frame = frame.loc[frame[name] == value, :]
    return frame


def best(values: Mapping[str, float], metric: str) -> str | None:
    """Return the name of the best value: the highest nse or kge, the lowest rmse, the smallest |bias|."""
    known = {name: value for name, value in values.items() if value == value}
    if not known:
        return None
    if metric in HIGHER_IS_BETTER:
        pick = max if HIGHER_IS_BETTER[metric] else min
        return pick(known, key=lambda name: known[name])
    return min(known, key=lambda name: abs(known[name]))


def order(names: Iterable[str], first: Sequence[str]) -> list[str]:
    """Return names without repeats, those of `first` in front and in its order."""
    unique = list(dict.fromkeys(names))
    return [name for name in first if name in unique] + [name for name in unique if name not in first]


def _frame(rows: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        return rows
    rows = list(rows)
    if rows and isinstance(rows[0], Mapping):
        return pd.DataFrame(rows)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _check(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise RunError(
            f"the scores lack the column {', '.join(missing)}", str(path), f"give {', '.join(COLUMNS)}"
        )
    import pandas as pd

    frame = frame.loc[:, list(COLUMNS)].reset_index(drop=True)
    try:
        values = [float("nan") if value in ("", None) else float(value) for value in frame["value"]]
        frame["value"] = pd.array(values, dtype="float64")
    except (ValueError, TypeError):
        raise RunError(
            "a score is not a number", f"{path}, column value", "run the experiment again"
        ) from None
    twice = frame[frame.duplicated(list(KEYS))]
    if len(twice):
        row = ", ".join(str(twice.iloc[0][name]) for name in KEYS)
        raise RunError(f"a score is given twice, {row}", str(path), "give each score once")
    return frame
