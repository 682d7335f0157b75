"""Planted clusters of maps are found and held; maps without clusters are called so."""

import numpy as np
import pytest
import xarray as xr

from data.errors import ConfigError, DataError
from xai.clusters import bootstrap_stability, clusters, gap_statistic
from xai.resultfile import write

RNG = np.random.default_rng(0)
PATTERNS = np.linalg.qr(RNG.normal(size=(24, 3)))[0].T
TRUE = np.repeat([0, 1, 2], [25, 20, 15])


def maps(noise=0.08, scale=True, seed=1):
    """60 maps of 4 x 6 cells, each a pattern of its cluster, of a size of its own."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.5, 5.0, (60, 1)) if scale else 1.0
    values = size * (PATTERNS[TRUE] + noise * rng.normal(size=(60, 24)))
    return xr.DataArray(
        values.reshape(60, 4, 6),
        {"sample": np.arange(60) + 100, "lat": np.arange(4.0)},
        ("sample", "lat", "lon"),
    )


@pytest.fixture(scope="module")
def found():
    return clusters(maps(), "sample", resamples=20, references=10)


def test_planted_clusters_are_recovered_and_stable(found):
    assert (found.cluster.values == TRUE).all()
    assert found["size"].values.tolist() == [25, 20, 15]
    assert (found.jaccard > 0.9).all()
    assert float(found.rand) > 0.9
    assert (found.jaccard_skill > 0.8).all()
    assert found.stable.all()
    assert int(found.number[np.argmax(found.silhouette.values)]) == 3
    assert found.verdict.values[0].startswith("Stable cluster 0 of 25 maps")
    assert found.attrs["verdict"].startswith("3 clusters, 3 of them stable, told apart")


def test_representative_maps_are_maps_of_their_cluster(found):
    for k in range(3):
        at = int(found.representative_sample[k])
        assert TRUE[at - 100] == k
        np.testing.assert_array_equal(found.representative_map[k], maps().sel(sample=at))
        shape = found.mean_map[k].values.ravel()
        assert np.corrcoef(shape, PATTERNS[k])[0, 1] > 0.97


@pytest.mark.parametrize("cells", [2, 20])
def test_a_cloud_without_clusters_is_called_unstable(cells):
    cloud = xr.DataArray(np.random.default_rng(3).normal(size=(80, cells)), dims=("sample", "cell"))
    got = clusters(cloud, "sample", normalise="none", resamples=15, references=10)
    assert not got.stable.any()
    assert got.attrs["structured"] == 0
    assert got.verdict.values[0].startswith("Unstable")
    if cells == 20:
        assert float(got.rand) < 0.6
        assert abs(got.jaccard_skill.mean()) < 0.4


def test_maps_are_compared_by_shape_unless_asked_otherwise():
    """Two sizes of one pattern are clusters only where size counts."""
    rng = np.random.default_rng(0)
    size = np.repeat([1.0, 10.0], 20)[:, None]
    values = size * (PATTERNS[0] + 0.02 * rng.normal(size=(40, 24)))
    item = xr.DataArray(values, dims=("sample", "cell"))
    by_size = clusters(item, "sample", number=2, normalise="none", resamples=8, references=6)
    assert by_size.stable.all()
    assert len(set(by_size.cluster.values[:20])) == 1
    by_shape = clusters(item, "sample", number=2, resamples=8, references=6)
    assert not by_shape.stable.any()


def test_missing_maps_and_cells_are_left_out(tmp_path):
    item = maps()
    item[3] = np.nan
    item[5] = 0.0
    item[:, 0, 0] = np.nan
    got = clusters(item, "sample", number=3, resamples=5, references=4)
    assert got.cluster.values[[3, 5]].tolist() == [-1, -1]
    kept = np.delete(np.arange(60), [3, 5])
    assert len(set(zip(got.cluster.values[kept], TRUE[kept], strict=True))) == 3
    assert got.mean_map.isnull().sum() == 3
    write(got, tmp_path / "clusters.nc")
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "clusters.nc").cluster, got.cluster)


def test_the_gap_of_two_points_is_known():
    """Rows at -1 and 1: no spread is left within two clusters, and one has the spread of all."""
    rows = np.repeat([[-1.0], [1.0]], 20, axis=0) + 1e-3 * np.random.default_rng(0).normal(size=(40, 1))
    gap, error = gap_statistic(rows, [1, 2], np.random.default_rng(1), 10)
    uniform = np.log(40 / 3)
    assert gap[0] == pytest.approx(uniform - np.log(40), abs=0.15)
    assert gap[1] > 5
    assert error[1] < 0.3


def test_stability_of_labels_that_are_none():
    rng = np.random.default_rng(0)
    got = bootstrap_stability(rng.normal(size=(60, 10)), np.arange(60) % 2, rng, 10)
    assert abs(got.rand) < 0.15
    assert (got.jaccard < 0.65).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"over": "time"}, DataError, "lack the dimension 'time'"),
        ({"over": ("sample", "lat", "lon")}, DataError, "no dimension of their own"),
        ({"number": 1}, ConfigError, "1 cluster cannot"),
        ({"number": 40}, DataError, "cannot be cut into 40"),
        ({"normalise": "rank"}, ConfigError, "normalise='rank'"),
        ({"resamples": 1}, ConfigError, "fewer than 2"),
    ],
)
def test_clusters_that_cannot_be_made(change, error, words):
    with pytest.raises(error, match=words):
        clusters(maps(), **({"over": "sample"} | change))
