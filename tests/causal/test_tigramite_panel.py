"""One graph for a panel: pooled samples, contexts and dummies."""

from __future__ import annotations

import numpy as np
import pytest

from causal.engines.tigramite_engine import run_panel
from causal.priors import Priors
from causal.settings import Settings
from data.errors import ConfigError, DataError

JOINT = Settings(method="j-pcmci+", tau_max=1, pc_alpha=0.01)


def panel(members=10, times=60, seed=0, hidden=0.0, shared=1.0):
    """a drives b after one step; height shifts a, the shared index drives b, a hidden level of members shifts both."""
    rng = np.random.default_rng(seed)
    height, level, index = rng.normal(size=members), hidden * rng.normal(size=members), rng.normal(size=times)
    e = rng.normal(size=(members, times, 2))
    x = np.zeros_like(e)
    for t in range(1, times):
        x[:, t, 0] = 0.3 * x[:, t - 1, 0] + height + level + e[:, t, 0]
        x[:, t, 1] = 0.6 * x[:, t - 1, 0] + shared * index[t] + level + e[:, t, 1]
    return x, {"height": height, "index": index}


def test_pooled_samples_as_tigramite_pools_them():
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    values, _ = panel()
    settings = Settings(method="pcmci+", tau_max=2, pc_alpha=0.01)
    found = run_panel(values, settings, names=("a", "b"))
    result = PCMCI(DataFrame(values, analysis_mode="multiple"), ParCorr()).run_pcmciplus(
        tau_max=2, pc_alpha=0.01
    )
    assert np.array_equal(found.graph[0], result["graph"])
    assert np.array_equal(found.val[0], result["val_matrix"])
    assert np.array_equal(found.p[0], result["p_matrix"])
    assert found.n[0] == 10 * 56
    assert found.names == ("a", "b")


def by_hand(values, contexts=(), time=True):
    """Contexts and dummies laid out as tigramite's users do; tigramite's own result."""
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr_mult import ParCorrMult
    from tigramite.jpcmciplus import JPCMCIplus

    members, times, size = values.shape
    data = {}
    for m in range(members):
        one = np.zeros((times, members))
        one[:, m] = 1.0
        driving = [np.broadcast_to(c, (members, times))[m, :, None] for c in contexts]
        data[m] = np.hstack([values[m], *driving, one, *([np.eye(times)] if time else [])])
    first = size + len(contexts)
    nodes = {k: [(k, 0)] for k in range(first)}
    nodes[first] = [(k, 0) for k in range(first, first + members)]
    kinds = ["system"] * size + ["space_context", "time_context"][: len(contexts)] + ["space_dummy"]
    if time:
        nodes[first + 1] = [(k, 0) for k in range(first + members, first + members + times)]
        kinds.append("time_dummy")
    frame = DataFrame(
        data, vector_vars=nodes, analysis_mode="multiple", var_names=list("abhist")[: len(kinds)]
    )
    test = ParCorrMult(significance="analytic")
    search = JPCMCIplus(dict(enumerate(kinds)), dataframe=frame, cond_ind_test=test)
    return search.run_jpcmciplus(tau_min=0, tau_max=1, pc_alpha=0.01)


def test_joint_graph_as_tigramite_joins_it():
    values, contexts = panel(members=6, times=40, hidden=2.0)
    found = run_panel(values, JOINT, names=("a", "b"), contexts=contexts, space_dummy=True, time_dummy=True)
    result = by_hand(values, (contexts["height"][:, None], contexts["index"][None]))
    assert np.array_equal(found.graph[0], result["graph"][:4, :4])
    assert np.allclose(found.val[0], result["val_matrix"][:4, :4], rtol=0, atol=1e-12)
    assert np.allclose(found.p[0], result["p_matrix"][:4, :4], rtol=0, atol=1e-12)
    assert found.errors == [""]
    assert found.dummies["space"] == tuple(n for k, n in enumerate("ab") if result["graph"][4, k, 0] != "")


@pytest.mark.parametrize(("offset", "named"), [(1.0, ("a",)), (5.0, ())])
def test_levels_far_apart_hide_behind_the_past_in_tigramite_too(offset, named):
    """White noise about levels of 20 members. At 5 standard deviations the step before tells a member's level, so that
    no member stands out given it: the dummy is not named, by tigramite's own hands as by ours."""
    rng = np.random.default_rng(0)
    level = offset * rng.normal(size=20)
    x = rng.normal(size=(20, 60, 2))
    x[..., 0] += level[:, None]
    x[:, 1:, 1] += 0.6 * x[:, :-1, 0]
    found = run_panel(x, JOINT, names=("a", "b"), space_dummy=True)
    result = by_hand(x, time=False)
    assert found.dummies["space"] == named
    assert tuple(n for k, n in enumerate("ab") if result["graph"][2, k, 0] != "") == named
    assert np.array_equal(found.graph[0], result["graph"][:2, :2])
    # what takes levels out for certain: each member's mean
    apart = run_panel(x - x.mean(1, keepdims=True), JOINT, names=("a", "b"))
    assert apart.graph[0, 0, 1, 1] == "-->"
    assert (np.delete(apart.graph[0].ravel(), np.ravel_multi_index((0, 1, 1), (2, 2, 2))) == "").all()


def test_contexts_drive_and_are_not_driven():
    values, contexts = panel(members=20)
    found = run_panel(values, JOINT, names=("a", "b"), contexts=contexts)
    assert found.names == ("a", "b", "height", "index")
    a, b, height, index = range(4)
    graph = found.graph[0]
    assert graph[a, b, 1] == "-->"
    assert graph[b, a, 1] == ""
    assert graph[height, a, 0] == "-->"
    assert graph[a, height, 0] == "<--"
    assert graph[index, b, 0] == "-->"
    assert graph[index, a, 0] == ""
    assert (graph[:2, 2:, 1:] == "").all()
    assert found.errors == [""]


def test_a_space_dummy_takes_out_hidden_levels():
    """A level that nobody measured makes a and b depend on each other; the dummy explains it."""
    values, _ = panel(members=12, hidden=3.0, shared=0.0)
    without = run_panel(values, JOINT, names=("a", "b"))
    held = run_panel(values, JOINT, names=("a", "b"), space_dummy=True)
    assert without.graph[0, 1, 1, 1] != ""
    assert without.dummies == {}
    assert held.dummies["space"] != ()
    assert held.graph[0, 0, 1, 1] == "-->"
    assert held.graph[0, 1, 1, 1] == "", "b has no memory of its own"
    assert held.graph.shape == (1, 2, 2, 2)
    assert held.errors == [""]


def test_masks_gaps_and_priors_of_a_panel():
    values, contexts = panel(members=8)
    values[0, 10:20, 1] = np.nan
    mask = np.zeros(values.shape, bool)
    mask[:, ::5] = True
    priors = Priors(forbidden=[("b", "a")], required=[("b", "b", 1)]).to_array(("a", "b"), 0, 1)
    found = run_panel(
        values, JOINT, names=("a", "b"), mask=mask, priors=priors, contexts=contexts, space_dummy=True
    )
    assert found.graph[0, 1, 1, 1] == "-->"
    assert found.graph[0, 0, 1, 1] == "-->"
    assert found.graph[0, 1, 0, 1] == ""
    assert found.graph[0, 3, 1, 0] == "-->"
    late = ~np.isnan(values[:, 2:, 1]) & ~mask[:, 2:, 1]
    assert found.n[0] == late.sum()
    assert found.errors == [""]


VALUES, CONTEXTS = panel(members=4, times=30)


@pytest.mark.parametrize(
    ("settings", "given", "told"),
    [
        (Settings(method="pcmci+"), {"contexts": CONTEXTS}, "knows no contexts"),
        (Settings(method="pcmci"), {"space_dummy": True}, "no dummies"),
        (Settings(method="rpcmci"), {}, "one series"),
        (Settings(method="j-pcmci+", pc_alpha=None), {}, "choose among several pc_alpha"),
        (Settings(method="j-pcmci+", test="gpdc"), {"space_dummy": True}, "choose parcorr or cmi_knn"),
        (Settings(method="j-pcmci+", tau_min=1), {}, "let tau_min be 0"),
        (JOINT, {"contexts": {"h": np.ones(7)}}, "not clearly over 4 members or 30 times"),
        (JOINT, {"contexts": {"h": np.ones((4, 30))}}, "the same everywhere"),
        (JOINT, {"contexts": {"h": np.arange(120.0).reshape(4, 30)}}, "make it a variable"),
        (JOINT, {"contexts": {"a": np.arange(4.0)}}, "a variable and a context"),
        (JOINT, {"priors": np.zeros((3, 3, 2), "<U3")}, "priors of shape"),
    ],
)
def test_what_cannot_be_is_one_sentence(settings, given, told):
    with pytest.raises((ConfigError, DataError)) as raised:
        run_panel(VALUES, settings, names=("a", "b"), **given)
    assert told in str(raised.value)


def test_a_panel_of_gaps_is_refused():
    with pytest.raises(DataError, match="no sample is left"):
        run_panel(np.full((3, 30, 2), np.nan), JOINT, names=("a", "b"))


def test_square_panels_need_their_contexts_in_full():
    values, contexts = panel(members=30, times=30)
    with pytest.raises(ConfigError, match="member, time"):
        run_panel(values, JOINT, names=("a", "b"), contexts=contexts)
    full = {"index": np.broadcast_to(contexts["index"], (30, 30))}
    assert run_panel(values, JOINT, names=("a", "b"), contexts=full).graph[0, 2, 1, 0] == "-->"
