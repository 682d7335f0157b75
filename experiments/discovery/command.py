"""One call of ``terrax discover``: where to is checked first, then the search runs, then all is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from data.errors import ConfigError, DataError

from .. import console
from ..progress import open_progress
from . import options as read
from . import summary
from .opening import opened

FIGURES = (".png", ".svg", ".pdf")


def run(
    path: Path,
    *,
    panel: str | None,
    out: Path | None,
    figure: Path | None,
    force: bool,
    talk: str,
    mask: str | None,
    priors: Path | None,
    variables: str | None,
    pc_alpha: str | None,
    seasons: list[str],
    options: list[str],
    **further: Any,
) -> None:
    """Search a file, write the result and its figure, and print a summary.

    Args:
        path: an existing file or store.
        panel: column of units in a CSV table.
        out: where the result goes, or None.
        figure: where the figure goes, or None.
        force: whether existing files may be replaced.
        talk: ``table``, ``json`` or ``none``.
        mask: ``FILE:VARIABLE``.
        priors: YAML file.
        variables: names between commas.
        pc_alpha: a number, several, or 'search'.
        seasons: one or several.
        options: ``NAME=VALUE`` each.
        further: arguments of `causal.discover` as they are.

    Raises:
        ConfigError: where an option is wrong.
        DataError: where the data are not fit, or a path cannot be written.
    """
    import causal

    _free(out, figure, force)
    if out is None and figure is None and talk == "none":
        raise ConfigError("nothing would be seen of the result", "--quiet", "give --out or --figure")
    given = further | {
        "variables": read.names(variables),
        "pc_alpha": read.alphas(pc_alpha),
        "options": read.further(options),
        "priors": read.priors(priors),
        "seasons": _seasons(seasons),
    }
    with opened(path, panel) as ds:
        given["mask"] = read.mask(mask, path)
        if talk == "table":
            with open_progress(sys.stderr) as bar:
                bar.start("search")

                def tell(done: int, total: int) -> None:
                    bar({"stage": "search", "label": "cells", "step": done, "steps": total})

                found = causal.discover(ds, progress=tell, **given)
                bar.finish("search")
        else:
            found = causal.discover(ds, **given)
    if out is not None:
        causal.write(found, out)
    if figure is not None:
        _draw(found, figure)
    if talk == "json":
        console.emit_json(summary.told(found) | {"out": str(out) if out else None})
    elif talk == "table":
        summary.show(found)
        for written in (out, figure):
            if written is not None:
                print(f"written to {written}")


def _seasons(given: list[str]) -> Any:
    """One season for all, or several that are searched one by one."""
    double = [one for one in dict.fromkeys(given) if given.count(one) > 1]
    if double:
        raise ConfigError(f"the season '{double[0]}' is given twice", "--season", "give each once")
    return None if not given else given[0] if len(given) == 1 else {one: one for one in given}


def _free(out: Path | None, figure: Path | None, force: bool) -> None:
    """Raise where a path cannot be written, before anything is searched."""
    from causal.resultfile import check_folder, check_path

    if out is not None:
        check_path(out)
    if figure is not None:
        if figure.suffix.lower() not in FIGURES:
            raise DataError(
                f"the ending '{figure.suffix}' is not known", str(figure), "use .png, .svg or .pdf"
            )
        if figure.is_dir():
            raise DataError("a folder where a file is wanted", str(figure), "choose another name")
        check_folder(figure)
    for path in (out, figure):
        if path is not None and path.exists() and not force:
            raise DataError("the file exists already", str(path), "choose another name, or give --force")


def _draw(found: Any, path: Path) -> None:
    """Draw the graph, or maps of the most frequent links where cells lie on a grid."""
    from causal import maps
    from data.files import atomic_path

    from ..report import style

    with style.use():
        drawing = maps.overview(found)
        with atomic_path(path) as temporary:
            drawing.savefig(temporary, format=path.suffix[1:].lower())
