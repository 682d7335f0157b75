"""What drove the forecasts: exact Shapley values of families of inputs, and how far to trust them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import numpy as np

from data.files import atomic_path
from xai.function import Plain
from xai.grouped import grouped_shapley
from xai.players import Players

from ..runfolder import RunFolder
from .backtest import Forecasts
from .config import Config
from .explain_model import FAMILIES, Forecaster, Issued, family_names, ids, stacked, taken
from .prepare import Panel

if TYPE_CHECKING:
    import xarray as xr

Tell = Callable[[int, int], None]
BEFORE = 24
"""Origins before the test that the background is drawn from."""


@dataclass
class Case:
    """What is explained, and against what.

    Attributes:
        forecaster: the models and their inputs.
        leads: months ahead.
        origins: indices of months at which forecasts are explained.
        past: indices of origins before the test, whose inputs are the background.
        rows: which of these inputs (origin by origin, district by district) stand in for absent families.
    """

    forecaster: Forecaster
    leads: tuple[int, ...]
    origins: np.ndarray
    past: np.ndarray
    rows: np.ndarray

    def whole(self, lead: int) -> dict[str, np.ndarray]:
        """All inputs of the origins before the test."""
        return stacked([self.forecaster.inputs(int(o), lead) for o in self.past])

    def background(self, lead: int) -> dict[str, np.ndarray]:
        """Those that stand in."""
        return taken(self.whole(lead), self.rows)


def run(folder: RunFolder, panel: Panel, config: Config, found: Forecasts, tell: Tell) -> None:
    """Write ``explain.nc`` and ``tables/explain.json`` of a run.

    Args:
        folder: the run; tables of its causes and effects are read where they are there.
        panel: its clean panel.
        config: its configuration, as it was followed.
        found: its forecasts.
        tell: is told how much is done, and of how much.
    """
    from . import explain_causal, explain_tables, explain_trust
    from .stages import read_json, write_json

    case = make_case(panel, config, found)
    steps = [0, 2 * len(case.leads) + 2]

    def done() -> None:
        steps[0] += 1
        tell(*steps)

    ds = attributed(case, panel, config, found, done)
    causes, effects = read_json(folder, "causes.json"), read_json(folder, "effects.json")
    causal = explain_causal.run(case, config, causes, done)
    groups, table = explain_tables.grouped(ds, config.seed)
    trust = explain_trust.run(case, config)
    done()
    ds = explain_tables.merged(ds, groups, causal)
    tables = {
        "families": explain_tables.families(ds),
        "checks": explain_tables.checks(ds) | {"engine": engine_gap(case)},
        "causal": explain_causal.tables(causal, ds),
        "agreement": None if effects is None else explain_tables.agreements(ds, panel, config, effects),
        "truth": explain_tables.truth(ds, panel, config),
        "clusters": table,
        "trust": trust,
        "background": {
            "rows": len(case.rows),
            "of": len(case.past) * panel.shape[0],
            "origins": len(case.past),
        },
    }
    with atomic_path(folder.path / "explain.nc") as temporary:
        ds.to_netcdf(temporary, engine="netcdf4")
    write_json(folder, "explain.json", tables)
    done()


def again(folder: RunFolder, tell: Tell) -> None:
    """Explain a finished run again, or for the first time.

    Raises:
        RunError: its forecasts are not there.
        DataError: its data are not.
    """
    from pathlib import Path

    from .prepare import prepare
    from .settings import effective
    from .stages import load

    config = effective(folder.load_config(Config), folder.status().quick)
    root = folder.read_json(folder.data_file).get("root")
    found = load(folder, config)
    run(folder, prepare(config, Path(root) if root else None), config, found, tell)


def make_case(panel: Panel, config: Config, found: Forecasts) -> Case:
    """The last origins of the test, and a background from origins before it."""
    leads = chosen_leads(config)
    settings, months = config.forecast, panel.shape[1]
    forecaster = Forecaster(panel, config, found.scales)
    test = months - settings.test_months
    most = settings.test_months - max(leads) + min(leads)
    last = months - max(leads)
    origins = np.arange(last - min(config.explain.origins, most), last)
    early = max(forecaster.begin, forecaster.first - min(leads))
    past = np.arange(max(test - max(leads) - BEFORE, early), test - max(leads))
    every = len(past) * panel.shape[0]
    rng = np.random.default_rng(config.seed)
    rows = np.sort(rng.choice(every, min(config.explain.background, every), replace=False))
    return Case(forecaster, leads, origins, past, rows)


def chosen_leads(config: Config) -> tuple[int, ...]:
    """Months ahead that are explained: those asked for that are forecast, else the first that is."""
    held = tuple(k for k in config.explain.leads if k in config.forecast.leads)
    return held or tuple(config.forecast.leads[:1])


def attributed(
    case: Case, panel: Panel, config: Config, found: Forecasts, done: Callable[[], None]
) -> xr.Dataset:
    """Attributions (lead, origin, district, player) with their account beside the forecast that was issued.

    The standard error is that of the background, a sample of inputs before the test.
    """
    import xarray as xr

    names = family_names(config)
    shape = (len(case.leads), len(case.origins), panel.shape[0])
    value, error = np.zeros((*shape, len(names))), np.zeros((*shape, len(names)))
    prediction, base, issued = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, lead in enumerate(case.leads):
        background = case.background(lead)
        for j, origin in enumerate(case.origins):
            model, inputs = (
                case.forecaster.model(int(origin), lead),
                case.forecaster.inputs(int(origin), lead),
            )
            each = model.shapley(inputs, background)
            value[i, j] = each.mean(axis=1)
            error[i, j] = each.std(axis=1, ddof=1) / np.sqrt(each.shape[1]) if each.shape[1] > 1 else 0.0
            prediction[i, j], base[i, j] = model(inputs), model(background).mean()
            issued[i, j] = found.mean["terrax"][found.leads.index(lead), :, origin + lead]
        done()
    dims = ("lead", "origin", "district")
    told = {"units": "1"}
    gap = prediction - base - value.sum(axis=-1)
    return xr.Dataset(
        {
            "attribution": ((*dims, "player"), value, told | {"long_name": "share of a family in the forecast"}),
            "stderr": ((*dims, "player"), error, told | {"long_name": "standard error from the background"}),
            "prediction": (dims, prediction, told | {"long_name": "forecast of log(1 + persons), made again"}),
            "base_value": (dims, base, told | {"long_name": "mean forecast over the background"}),
            "issued": (dims, issued, told | {"long_name": "forecast of log(1 + persons), as issued"}),
            "efficiency_gap": (dims, gap, told),
        },
        {
            "lead": ("lead", list(case.leads), {"units": "month", "long_name": "months ahead"}),
            "origin": ("origin", panel.months[case.origins].astype("datetime64[ns]")),
            "district": list(panel.districts),
            "region": ("district", list(panel.regions)),
            "player": list(names),
        },
        {
            "Conventions": "CF-1.10",
            "title": "what drove the forecasts",
            "settings": json.dumps(config.explain.model_dump()),
            "features": json.dumps(
                {n: [f for f, k in zip(case.forecaster.names, case.forecaster.player, strict=True) if k == i]
                 for i, n in enumerate(names)}
            ),
        },
    )  # fmt: skip


def engine_gap(case: Case, count: int = 2) -> float:
    """Largest difference from the engine's exact grouped values, which evaluate all coalitions, at a few inputs."""
    worst = 0.0
    for lead in case.leads:
        origin = int(case.origins[-1])
        model = case.forecaster.model(origin, lead)
        inputs = taken(case.forecaster.inputs(origin, lead), slice(0, count))
        some = taken(case.background(lead), slice(0, 8))
        with jax.enable_x64(True):
            found = grouped_shapley(
                Plain(model, batched=True), inputs, players=players(case), background=some, samples=True
            )
        ours = model.shapley(inputs, some).mean(axis=1)
        worst = max(worst, float(np.abs(np.asarray(found.attribution) - ours).max()))
    return worst


def players(case: Case) -> Players:
    """The families as players of the engine."""
    return Players(FAMILIES, ids(case.forecaster.player), {"family": FAMILIES})


def plain(model: Issued) -> Plain:
    """A model for the engine of attributions."""
    return Plain(model, batched=True)
