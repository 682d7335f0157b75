"""Scores of attributions against what they must be by definition."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from data.errors import ConfigError, DataError, ModelError
from xai.assess import Effort, assess
from xai.explained import explained
from xai.faithfulness import faithfulness_correlation, removal_curves
from xai.function import Plain
from xai.localisation import localisation
from xai.paths import integrated_gradients
from xai.randomisation import cascade, layers, randomise
from xai.removal import removal
from xai.robustness import lipschitz, sensitivity
from xai.scores import joined, one, rank_correlation, summarise, undefined
from xai.spread import ensemble_scores

N = 16
RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(size=N)
X = RNG.normal(size=N)
BASE = RNG.normal(size=N)
PARTS = WEIGHTS * (X - BASE)
SMALL = Effort(draws=19, steps=8, subsets=40, perturbations=2, randomisations=2)


class Linear(eqx.Module):
    weight: jax.Array

    def __call__(self, x):
        return jnp.sum(self.weight * x)


def linear():
    return Linear(jnp.asarray(WEIGHTS, "f4"))


def game():
    return removal(linear(), X.astype("f4"), baseline=BASE.astype("f4"))


def named(scores):
    return {s.name: summarise(s) for s in scores}


def test_deletion_of_the_largest_first_is_the_known_curve():
    found = removal_curves(game(), PARTS, np.random.default_rng(0), steps=N, draws=4)
    ordered = np.concatenate([[0.0], np.cumsum(np.sort(PARTS)[::-1])])
    whole, base = WEIGHTS @ X, WEIGHTS @ BASE
    np.testing.assert_allclose(found.fraction, np.arange(N + 1) / N)
    np.testing.assert_allclose(found.deletion, whole - ordered, atol=1e-5)
    np.testing.assert_allclose(found.insertion, base + ordered, atol=1e-5)
    np.testing.assert_allclose(found.best_deletion, found.deletion, atol=1e-5)
    np.testing.assert_allclose(found.best_insertion, found.insertion, atol=1e-5)
    np.testing.assert_allclose(found.random_deletion[:, [0, -1]], [[whole, base]] * 4, atol=1e-5)


def test_parts_that_are_not_free_are_never_removed():
    free = np.arange(N) < 10
    found = removal_curves(game(), PARTS, np.random.default_rng(0), free=free, steps=5, draws=3)
    held = WEIGHTS @ np.where(free, BASE, X)
    np.testing.assert_allclose(found.deletion[-1], held, atol=1e-5)
    np.testing.assert_allclose(found.insertion[0], held, atol=1e-5)
    np.testing.assert_allclose(found.random_insertion[:, 0], held, atol=1e-5)


def test_a_background_stands_in_as_its_mean_and_groups_are_removed_together():
    rows = RNG.normal(size=(3, N)).astype("f4")
    ids = np.arange(N) // 4
    ids[-1] = -1
    grouped = removal(linear(), X.astype("f4"), background=rows, ids=ids)
    assert grouped.parts == 4
    keep = np.array([[True, False, True, True]])
    from xai.removal import values

    expected = WEIGHTS @ np.where(ids == 1, rows.mean(0), X)
    np.testing.assert_allclose(values(grouped, keep), [expected], atol=1e-5)
    plain = removal(Plain(lambda x: (WEIGHTS * x).sum()), X, background=rows.astype("f8"), ids=ids)
    np.testing.assert_allclose(values(plain, keep), [expected], atol=1e-6)


def test_what_subsets_take_off_is_what_they_are_attributed():
    rng = np.random.default_rng(0)
    assert summarise(faithfulness_correlation(game(), PARTS, rng)).skill == pytest.approx(1.0, abs=1e-5)
    wrong = summarise(faithfulness_correlation(game(), -PARTS, rng))
    assert wrong.value == pytest.approx(-1.0, abs=1e-5)
    assert wrong.upper < 0


def test_a_faithful_attribution_has_skill_one_in_all_that_it_can():
    f = linear()
    found = integrated_gradients(f, jnp.asarray(X, "f4"), baseline=jnp.asarray(BASE, "f4"), steps=2)

    def explain(g, x):
        return integrated_gradients(g, jnp.asarray(x), baseline=jnp.asarray(BASE, "f4"), steps=2)

    relevant = np.abs(PARTS) >= np.sort(np.abs(PARTS))[-4]
    got = assess(
        f,
        X.astype("f4"),
        found,
        key=jr.key(0),
        baseline=BASE.astype("f4"),
        explain=explain,
        members=[f, f],
        relevant=relevant,
        effort=SMALL,
    )
    rows = named(got.scores)
    whole = ["efficiency_gap", "sampling_error", "deletion", "insertion", "faithfulness_correlation"]
    whole += ["member_rank_correlation", "member_sign_agreement", "member_spread", "relevance_rank"]
    for name in whole:
        assert rows[name].skill == pytest.approx(1.0, abs=1e-4), name
    assert rows["deletion"].p == pytest.approx(1 / 20)
    assert rows["max_sensitivity"].skill > 0.8
    assert rows["max_sensitivity"].value < 0.1
    assert set(got.stages) == {"all"}


def test_a_permuted_attribution_has_skill_around_zero():
    """The interval of the mean skill over many permutations covers zero."""
    rng = np.random.default_rng(3)
    skills = {"deletion": [], "insertion": [], "faithfulness_correlation": []}
    for i in range(24):
        got = assess(
            linear(),
            X.astype("f4"),
            rng.permutation(PARTS),
            key=jr.key(i),
            baseline=BASE.astype("f4"),
            effort=SMALL,
        )
        for name, row in named(got.scores).items():
            if name in skills:
                skills[name].append(row.skill)
    for name, values in skills.items():
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values)) < 3 * error, name
        assert 3 * error < 0.35, name


def test_skill_is_a_ratio_with_the_error_of_the_ratio():
    rng = np.random.default_rng(0)
    draws = rng.normal(2.0, 1.0, (1, 400))
    row = summarise(one("s", 4.0, draws, 6.0, 1, 0.3))
    mean = draws.mean()
    assert row.skill == pytest.approx((4 - mean) / (6 - mean))
    by_value = 0.3 / (6 - mean)
    by_random = 2.0 / (6 - mean) ** 2 * draws.std(ddof=1) / 20
    assert row.upper - row.skill == pytest.approx(1.96 * np.hypot(by_value, by_random), rel=2e-3)
    assert row.standardised == pytest.approx((4 - mean) / draws.std(ddof=1))
    assert row.p == pytest.approx((1 + (draws >= 4).sum()) / 401)


def test_samples_without_a_score_are_left_out():
    rows = [
        one("s", 1.0, np.zeros(3), 2.0, 1),
        undefined("s", "nothing varies", 3),
        one("s", 1.0, np.zeros(3), 2.0, 1),
    ]
    got = summarise(joined(rows))
    assert got.samples == 2
    assert got.skill == pytest.approx(0.5)
    assert joined(rows).why == "nothing varies"
    assert np.isnan(summarise(undefined("s", "nothing")).skill)


def test_localisation_of_known_cells():
    rng = np.random.default_rng(0)
    relevant = np.arange(10) < 3
    exact = {s.name: s for s in localisation(np.where(relevant, -2.0, 0.0), relevant, rng)}
    assert {n: float(s.value[0]) for n, s in exact.items()} == {
        "relevance_mass": 1.0,
        "relevance_rank": 1.0,
        "pointing_game": 1.0,
    }
    mixed = {s.name: s for s in localisation(np.arange(10.0), relevant, rng, draws=4000)}
    assert mixed["relevance_mass"].value[0] == pytest.approx(3 / 45)
    assert mixed["relevance_mass"].random.mean() == pytest.approx(0.3, abs=0.01)
    assert mixed["relevance_rank"].value[0] == 0.0
    assert mixed["pointing_game"].random.mean() == pytest.approx(0.3, abs=0.03)


def test_members_that_agree_and_members_that_do_not():
    rng = np.random.default_rng(0)
    base = rng.normal(size=60)
    alike = named(ensemble_scores(base + 0.1 * rng.normal(size=(4, 60)), rng))
    assert alike["member_rank_correlation"].lower > 0.9
    assert alike["member_spread"].value == pytest.approx(0.1 / np.sqrt((base**2).mean() + 0.01), rel=0.1)
    apart = named(ensemble_scores(rng.normal(size=(6, 60)), rng))
    assert apart["member_rank_correlation"].lower < 0 < apart["member_rank_correlation"].upper
    assert abs(apart["member_sign_agreement"].value - 0.5) < 0.1
    assert abs(apart["member_spread"].skill) < 0.15


def test_sensitivity_is_the_largest_relative_change():
    own = np.array([3.0, 4.0, 0.0])
    near = own + np.array([[0.5, 0.0, 0.0], [0.0, 0.0, -1.0]])
    got = sensitivity(own, near, np.random.default_rng(0))
    assert got.value[0] == pytest.approx(0.2)
    assert lipschitz(own, near, np.array([0.1, 1.0])) == pytest.approx(5.0)


class Net(eqx.Module):
    first: eqx.nn.Linear
    last: eqx.nn.Linear

    def __call__(self, x):
        return self.last(jnp.tanh(self.first(x)))[0]


def net():
    one_key, two = jr.split(jr.key(1))
    return Net(eqx.nn.Linear(N, 32, key=one_key), eqx.nn.Linear(32, 1, key=two))


def test_layers_are_randomised_from_the_output():
    f = net()
    assert layers(f) == ("first", "last")
    stages = cascade(f, jr.key(0))
    assert [name for name, _ in stages] == ["last", "first"]
    assert jnp.array_equal(stages[0][1].first.weight, f.first.weight)
    assert not jnp.array_equal(stages[0][1].last.weight, f.last.weight)
    assert jnp.array_equal(stages[0][1].last.weight, stages[1][1].last.weight)
    assert not jnp.array_equal(stages[1][1].first.bias, f.first.bias)
    drawn = randomise(f, jr.key(3)).first.weight
    assert float(jnp.std(drawn)) == pytest.approx(float(jnp.sqrt(jnp.mean(f.first.weight**2))), rel=0.15)


def test_the_attribution_of_a_randomised_model_is_unrelated():
    f, keys = net(), jr.split(jr.key(2), 30)
    slope = eqx.filter_jit(lambda g: jax.grad(lambda x: g(x))(jnp.zeros(N)))
    own = np.asarray(slope(f))
    again = np.stack([np.asarray(slope(randomise(f, k))) for k in keys])
    found = rank_correlation(again, own)
    assert abs(found.mean()) < 3 / np.sqrt(30 * (N - 1))
    assert found.std() == pytest.approx(1 / np.sqrt(N - 1), rel=0.4)
    from xai.randomisation import randomisation

    rng = np.random.default_rng(0)
    row = summarise(randomisation(own, again, rng, draws=400))
    assert row.lower < 1 < row.upper
    blind = summarise(randomisation(own, np.stack([own, own]), rng))
    assert blind.value == pytest.approx(1.0)
    assert blind.skill == pytest.approx(0.0, abs=1e-9)


def test_a_constant_function_has_no_order_to_judge():
    f = Plain(lambda x: np.float64(3.0))
    found = explained(jnp.zeros(N), jnp.array(3.0), jnp.array(3.0))
    got = assess(f, X, found, key=jr.key(0), baseline=BASE, effort=SMALL)
    assert all(np.isnan(row.skill) for row in named(got.scores).values())
    assert {s.name: s.why for s in got.scores}["deletion"] == "the attribution is the same in all parts"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"baseline": np.zeros(3)}, DataError, r"baseline has shape \(3,\)"),
        ({"baseline": None}, DataError, "a baseline or a background"),
        ({"found": np.zeros(5)}, DataError, r"attribution has shape \(5,\)"),
        ({"found": np.full(N, np.nan)}, DataError, "missing in 16 of 16"),
        ({"f": Plain(lambda x: x)}, ModelError, "trust is of one number"),
        ({"relevant": np.ones(N, bool)}, DataError, "16 of 16 parts are relevant"),
    ],
)
def test_what_cannot_be_assessed_is_refused(change, error, words):
    given = {"f": linear(), "found": PARTS, "baseline": BASE.astype("f4")} | change
    with pytest.raises(error, match=words):
        assess(given.pop("f"), X.astype("f4"), given.pop("found"), key=jr.key(0), effort=SMALL, **given)


def test_efforts_and_layers_that_are_not():
    with pytest.raises(ConfigError, match="draws is 1"):
        Effort(draws=1)
    with pytest.raises(ConfigError, match="share is 1"):
        Effort(share=1.0)
    with pytest.raises(ConfigError, match="layer 'middle'"):
        randomise(net(), jr.key(0), ["middle"])
    with pytest.raises(ModelError, match="no parameters"):
        randomise(lambda x: x, jr.key(0))
    with pytest.raises(DataError, match="1 member has no spread"):
        ensemble_scores(np.zeros((1, 4)), np.random.default_rng(0))


@pytest.mark.slow
def test_p_values_are_uniform_and_intervals_cover_for_permuted_attributions():
    """Of 400 permuted attributions about a twentieth are called better, and intervals hold the skill of many draws."""
    rng = np.random.default_rng(0)
    small, covered = [], []
    many = removal_curves(game(), PARTS, rng, steps=N, draws=4000)
    random = np.trapezoid(many.random_deletion, many.fraction, axis=-1).mean()
    best = np.trapezoid(many.best_deletion, many.fraction)
    from xai.faithfulness import curve_scores

    for _ in range(400):
        curves = removal_curves(game(), rng.permutation(PARTS), rng, steps=N, draws=39)
        row = summarise(curve_scores(curves)[0])
        truth = (row.value - random) / (best - random)
        small.append(row.p <= 0.05)
        covered.append(row.lower <= truth <= row.upper)
    assert 0.025 < np.mean(small) < 0.08
    assert 0.92 < np.mean(covered) < 0.98
