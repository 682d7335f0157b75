"""Scores of graphs, and the peers' scores, on cases worked out by hand or by another library."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from causal.settings import Settings
from data.synthetic.graphs import null, values, world
from experiments.benches.truth import known, nulls, peers
from experiments.benches.truth.scores import Counts, auroc
from experiments.benches.truth.search import search


@pytest.mark.parametrize("seed", range(5))
def test_auroc_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, score = rng.random((6, 6)) < 0.3, rng.integers(0, 4, (6, 6))
    off = ~np.eye(6, dtype=bool)
    assert auroc(truth, score) == pytest.approx(roc_auc_score(truth[off], score[off]))
    some = rng.random((6, 6)) < 0.8
    assert auroc(truth, score, some) == pytest.approx(roc_auc_score(truth[off & some], score[off & some]))


def test_auroc_needs_both_kinds():
    with pytest.raises(ValueError, match="without one"):
        auroc(np.ones((3, 3)), np.ones((3, 3)))


def test_claims_are_directed_marks_between_variables():
    truth, found = np.full((2, 3, 3, 3), "", dtype="<U3")
    truth[0, 1, 1] = truth[0, 0, 1] = truth[1, 2, 0] = "-->"
    truth[2, 1, 0] = "<--"
    found[0, 1, 1] = found[0, 0, 1] = found[2, 0, 2] = "-->"
    found[1, 2, 0] = found[2, 1, 0] = "o-o"
    assert known.claims(found, truth) == Counts(hits=1, found=2, true=2)
    counts = known.claims(found[:, :, :2], truth) + Counts(0, 0, 0)
    assert (counts.precision, counts.recall) == (1.0, 0.5)
    assert np.isnan(Counts(0, 0, 1).precision)


def test_pcmci_is_as_tigramite_and_knows_no_scale():
    x = values(world("linear", 2, 300, 4, seed=5)[0])
    ours = peers.momentary(list(x), 3, "pcmci")[0]
    np.testing.assert_allclose(ours[1], peers.by_tigramite(x[1], 3), atol=1e-9)
    np.testing.assert_allclose(
        peers.momentary([x[0] * [1.0, 1e3, 1e-3, 7.0]], 3, "pcmci")[0][0], ours[0], atol=1e-9
    )


def test_a_regression_does_know_scale():
    x = values(world("linear", 1, 500, 3, seed=1)[0])[0]
    plain, scaled = (
        peers.var_granger(x, 2, signed=False),
        peers.var_granger(x * [1.0, 1.0, 100.0], 2, signed=False),
    )
    np.testing.assert_allclose(scaled[0, 2], 100 * plain[0, 2])
    np.testing.assert_allclose(scaled[2, 0], plain[2, 0] / 100)


def test_the_null_rate_is_the_stated_one():
    found = nulls.searched(5, 0.95, 150, 300, Settings(method="pcmci", tau_max=2, pc_alpha=0.05))
    p = nulls.crossing(found.p)
    assert p.shape == (300, 40)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.007)  # 3 standard errors of 12000 tests
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=0.02)


def test_false_links_of_a_family_are_rare():
    ds, _ = null(200, 150, 4, 0.0, seed=8)
    found = search(values(ds), Settings(method="pcmci", tau_max=2, pc_alpha=0.05, alpha=0.05, fdr="graph"))
    share = (found.graph[..., 1:] != "").any((1, 2, 3)).mean()
    assert share < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.slow
def test_each_assumption_breaks_what_it_should():
    cases = {(c.kind, c.method): known.score(c, 6) for c in known.CASES if not c.slow and c.kind != "panel"}
    assert cases["linear", "PCMCI"].precision > 0.8
    assert cases["linear", "PCMCI"].recall > 0.95
    assert cases["contemporaneous", "PCMCI+"].precision > cases["contemporaneous", "PCMCI"].precision + 0.3
    assert cases["seasonal", "PCMCI of anomalies"].precision > cases["seasonal", "PCMCI"].precision + 0.2
    assert cases["regime", "PCMCI, regimes known"].recall > cases["regime", "PCMCI"].recall + 0.3
    assert cases["latent", "PCMCI"].precision < 0.7
    assert cases["nonlinear", "PCMCI, ParCorr"].recall < 0.7
