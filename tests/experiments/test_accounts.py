"""Accounts of hybrid models: closed forms, limits, memory, and whole runs beside them."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tinyhybrid as tiny

import hybrid
from data.errors import ModelError
from experiments.accounting import account_of
from experiments.accounts import MEMORY
from hybrid.process.declare import Flux, Parameter, Pool, Quantity, Trailing

DAYS, CUT = 40, 25


def _record(**forcing):
    """A record of one site with given forcing over its first days."""
    panel = tiny.weather().take(["savanna"])
    held = {n: v[:DAYS].copy() for n, v in panel.forcing.items()}
    held |= {n: np.asarray(v, np.float32)[:, None] for n, v in forcing.items()}
    return replace(
        panel, forcing=held, dates=panel.dates[:DAYS], valid=panel.valid[:DAYS], targets={}, masks={}
    )


def _reservoirs() -> hybrid.process.Process:
    def laws(**named):
        return tuple(Quantity(n, law, "mm d-1") for n, law in named.items())

    return hybrid.process.Process(
        name="reservoirs",
        forcing=("pr",),
        attributes=(),
        parameters=(
            Parameter("upper_rate", 0.3, 0.01, 0.9, "d-1", "drainage"),
            Parameter("lower_rate", 0.1, 0.01, 0.9, "d-1", "outflow"),
            Parameter("demand", 5.0, 1.0, 9.0, "mm d-1", "uptake where there is water"),
        ),
        pools=tuple(Pool(n, "mm", n, 20.0, 90.0) for n in ("upper", "lower", "dummy", "pond")),
        quantities=laws(
            rain=lambda pr: pr,
            drain=lambda upper, upper_rate: upper_rate * upper,
            outflow=lambda lower, lower_rate: lower_rate * lower,
            pour=lambda pr: 0.5 * pr,
            puddle=lambda pr: 0.8 * pr,
            uptake=lambda demand, pr: demand + 0.0 * pr,
        ),
        fluxes=(
            Flux("rain", None, "upper"),
            Flux("drain", "upper", "lower"),
            Flux("outflow", "lower", None),
            Flux("pour", None, "dummy"),
            Flux("puddle", None, "pond"),
            Flux("uptake", "pond", None),
        ),
        observables=(
            Quantity("out", lambda outflow: outflow, "mm d-1"),
            Quantity("taken", lambda uptake: uptake, "mm d-1"),
        ),
    )


@pytest.fixture(scope="module")
def wet():
    rain = np.random.default_rng(1).exponential(5.0, DAYS)
    return _record(pr=rain), np.full(DAYS, 2.0)


@pytest.fixture(scope="module")
def reservoirs(wet):
    panel, base = wet
    model = hybrid.Model(_reservoirs())
    when = panel.dates[-1, 0].astype(str), panel.dates[-1, 0].astype(str)
    cut = (str(panel.dates[CUT, 0]),)
    return panel, account_of(model, panel, {"pr": base}, of="out", when=when, cuts=cut)


def test_reservoirs_in_series(reservoirs, wet):
    panel, ds = reservoirs
    missing = panel.forcing["pr"][:, 0].astype(float) - wet[1]
    a, b, day = 0.7, 0.9, np.arange(DAYS)
    later, since = DAYS - 1 - CUT, np.where(day < CUT, CUT - 1 - day, 0)

    def second(n):
        return 0.3 * (a**n - b**n) / (a - b)

    table = ds["forcing_by_pool"].isel(pool_cut=0).sel(variable="pr")
    before = day < CUT
    truth = {
        "upper": np.where(before, missing * a**since * 0.1 * second(later), 0.0),
        "lower": np.where(before, missing * second(since) * 0.1 * b**later, 0.0),
        "direct": np.where(before, 0.0, missing * 0.1 * second(np.maximum(DAYS - 2 - day, 0))),
    }
    for pool, values in truth.items():
        # parameters are of single precision at their declared defaults
        np.testing.assert_allclose(table.sel(pool=pool), values, rtol=1e-6, atol=1e-12)
    for pool in ("dummy", "pond"):
        assert np.all(table.sel(pool=pool).values == 0.0)
    flux = ds["forcing_by_flux"].sel(variable="pr")
    np.testing.assert_allclose(flux.sel(flux="rain"), ds["forcing"].sel(variable="pr"), atol=1e-14)
    assert np.all(flux.drop_sel(flux="rain").values == 0.0)


def test_uptake_that_the_pond_limits(wet):
    panel, base = wet
    model = hybrid.Model(_reservoirs())
    dates = panel.dates[:, 0]
    ds = account_of(
        model,
        panel,
        {"pr": base},
        of="taken",
        when=(str(dates[20]), str(dates[-1])),
        cuts=[str(dates[20])],
        baseline_parameters={"demand": 4.0},
        baseline_initial={"pond": 10.0},
    )
    rise = float(ds["prediction"] - ds["base_value"])
    for name in ("efficiency_gap", "pool_gap", "flux_gap"):
        assert np.all(np.abs(ds[name].values) <= 1e-8 * abs(rise))
    assert np.all(ds["pool_mismatch"].values < 1e-13)
    assert np.all(ds["flux_mismatch"].values < 1e-13)
    # the limit bends the way: uptake is the demand on wet days and what the pond holds on others
    assert ds.attrs["pieces"] > 2
    # the sum over all inputs is the difference of two runs
    both = [_taken(panel.forcing["pr"][:, 0], 5.0, 20.0), _taken(base, 4.0, 10.0)]
    assert float(ds["prediction"]) == pytest.approx(both[0], rel=1e-9)
    assert float(ds["base_value"]) == pytest.approx(both[1], rel=1e-9)


def _taken(rain, demand, pond):
    """Uptake from day 20 on, in plain loops."""
    taken = 0.0
    for t, r in enumerate(np.asarray(rain, float)):
        flow = demand * min(1.0, (1.0 - 1e-6) * pond / (demand + 1e-12))
        pond += 0.8 * r - flow
        taken += flow * (t >= 20)
    return taken


@pytest.mark.slow
def test_memory_of_a_network_is_a_channel(wet):
    panel = _record(pr=wet[0].forcing["pr"][:, 0])
    process = tiny.bucket()
    process = replace(
        process,
        parameters=(*process.parameters, Parameter("window", 5.0, 1.0, 30.0, "d", "of the mean")),
        trailing=(Trailing("light", "rsds", "window", "MJ m-2 d-1"),),
    )
    roles = {"drainage_rate": hybrid.Dynamic(network="n")}
    model = hybrid.Model(process, roles, {"n": hybrid.Slot("gru", ("light", "pr"), {"width": 4})})
    model = model.normalised(model.inputs(panel), np.ones((DAYS, 1), bool))
    louder = lambda m: m.networks["n"].module.out  # noqa: E731
    model = eqx.tree_at(louder, model, 20.0 * louder(model))
    dates = [str(d) for d in panel.dates[:, 0]]
    base = {n: np.full(DAYS, panel.forcing[n].mean()) for n in ("pr", "rsds")}
    ds = account_of(model, panel, base, of="et", when=(dates[20], dates[-1]), cuts=(dates[10], dates[25]))
    rise = float(ds["prediction"] - ds["base_value"])
    for name in ("efficiency_gap", "pool_gap", "flux_gap"):
        assert np.all(np.abs(ds[name].values) <= 1e-8 * abs(rise))
    for name in ("pool_mismatch", "flux_mismatch"):
        assert np.all(ds[name].values < 1e-13)
    carried = ds["forcing_by_pool"].sel(pool=[f"{MEMORY}light", f"{MEMORY}outputs:n"])
    # only what was before the cut is remembered there
    after = ds["time"] >= np.datetime64(dates[25])
    assert np.all(carried.isel(pool_cut=1).where(after, 0.0).values == 0.0)
    assert float(np.abs(carried.isel(pool_cut=1)).sum()) > 1e-6
    assert float(np.abs(ds["forcing_by_flux"].sel(variable="rsds", flux=f"{MEMORY}light")).sum()) > 1e-6


def test_refusals(wet):
    panel, base = wet
    model = hybrid.Model(_reservoirs())
    day = str(panel.dates[3, 0])
    good = {"of": "out", "when": (day, day)}
    cases = (
        ("observable", {"pr": base}, good | {"of": "gpp"}),
        ("no 'rain'", {"rain": base}, good),
        ("shape", {"pr": base[:4]}, good),
        ("no day", {"pr": base}, good | {"when": ("1900-01-01", "1900-02-01")}),
        ("no day of the record", {"pr": base}, good | {"cuts": ["1900-01-01"]}),
        ("no 'puddle'", {"pr": base}, good | {"baseline_initial": {"puddle": 1.0}}),
        ("no parameter", {"pr": base}, good | {"baseline_parameters": {"q10": 1.0}}),
        ("no site", {"pr": base}, good | {"site": "Mars"}),
    )
    for word, given, options in cases:
        with pytest.raises(Exception, match=word):
            account_of(model, panel, given, **options)
    other = hybrid.Model(_reservoirs(), integrator=hybrid.Integrator("heun", steps=2))
    with pytest.raises(ModelError, match="daily"), jax.enable_x64(True):
        account_of(other, panel, {"pr": base}, **good)
    assert jnp.float32 == jnp.result_type(float)
