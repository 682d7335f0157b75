import numpy as np
import pytest

from data import open_sites
from data.errors import DataError
from data.readers.fluxnet import is_fluxnet_name, read_fluxnet, site_code
from data.readers.halfhours import to_days
from data.vapour import latent_heat

SITES = "site,lat,lon,elevation_m,igbp,mat_degC,map_mm\nBE-Bra,51.3,4.52,16,MF,10.5,750\n"


def write(path, columns: dict, missing="-9999"):
    rows = [",".join(columns)]
    for row in zip(*columns.values(), strict=True):
        rows.append(",".join(missing if isinstance(v, float) and np.isnan(v) else str(v) for v in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    (path.parent / "sites.csv").write_text(SITES)
    return path


def daily(days=40, form="%Y%m%d", **changed) -> dict:
    dates = np.datetime64("2019-01-01") + np.arange(days) * np.timedelta64(1, "D")
    text = [d.item().strftime(form) for d in dates]
    base = {
        "TIMESTAMP": text,
        "TA_F": [10.0] * days,
        "TMIN_F": [5.0] * days,
        "TMAX_F": [15.0] * days,
        "SW_IN_F": [100.0] * days,
        "VPD_F": [5.0] * days,
        "P_F": [2.0] * days,
        "CO2_F_MDS": [410.0] * days,
        "PA_F": [101.0] * days,
        "NEE_VUT_REF": [-1.5] * days,
        "NEE_VUT_REF_QC": [0.9] * days,
        "GPP_NT_VUT_REF": [4.0] * days,
        "GPP_DT_VUT_REF": [5.0] * days,
        "RECO_NT_VUT_REF": [2.5] * days,
        "LE_F_MDS": [50.0] * days,
        "LE_F_MDS_QC": [1.0] * days,
        "LE_CORR": [60.0] * days,
    }
    return base | changed


def halfhourly(days=3, step=30, stamp="TIMESTAMP_START", **changed) -> dict:
    n = days * 1440 // step
    times = np.datetime64("2019-07-01T00:00") + np.arange(n) * np.timedelta64(step, "m")
    hour = (np.arange(n) * step / 60) % 24
    base = {
        stamp: [t.item().strftime("%Y%m%d%H%M") for t in times],
        "TA_F": (20 + 5 * np.sin((hour - 9) / 24 * 2 * np.pi)).tolist(),
        "SW_IN_F": [200.0] * n,
        "VPD_F": [12.0] * n,
        "P_F": [0.1] * n,
        "CO2_F_MDS": [410.0] * n,
        "PA_F": [101.0] * n,
        "NEE_VUT_REF": [-3.0] * n,
        "NEE_VUT_REF_QC": [0] * n,
        "GPP_NT_VUT_REF": [5.0] * n,
        "RECO_NT_VUT_REF": [2.0] * n,
        "LE_F_MDS": [100.0] * n,
        "LE_F_MDS_QC": [0] * n,
    }
    return base | changed


DD = "FLX_BE-Bra_FLUXNET2015_FULLSET_DD_2019-2019_1-4.csv"
HH = "FLX_BE-Bra_FLUXNET2015_SUBSET_HH_2019-2019_1-4.csv"


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y-%m-%d", "%Y%m%d0000", "%Y-%m-%d 00:00:00"])
@pytest.mark.parametrize("missing", ["-9999", "NA", "", "-9999.0"])
def test_daily_tables(tmp_path, form, missing):
    gpp = [4.0] * 40
    gpp[3] = float("nan")
    write(tmp_path / DD, daily(form=form, GPP_NT_VUT_REF=gpp), missing)
    ds = open_sites(tmp_path)
    assert ds.sizes == {"site": 1, "time": 40}
    assert str(ds.time.values[-1])[:10] == "2019-02-09"
    np.testing.assert_allclose(ds.rsds, 8.64, rtol=1e-6)
    np.testing.assert_allclose(ds.pr, 2.0)
    np.testing.assert_allclose(ds.nee, -1.5)
    np.testing.assert_allclose(ds.et, 50 * 0.0864 / latent_heat(np.array(10.0)), rtol=1e-6)
    assert np.isnan(ds.gpp.values[0]).sum() == 1
    assert (ds.lat.item(), ds.elevation.item(), ds.igbp.item()) == (51.3, 16.0, "MF")
    assert ds.mean_annual_precipitation.item() == 750


def test_options(tmp_path):
    quality = [0.9] * 40
    quality[0:5] = [0.4] * 5
    path = write(tmp_path / DD, daily(NEE_VUT_REF_QC=quality))
    (record,) = read_fluxnet([path], partitioning="DT", closed=True)
    assert np.nanmax(record.values["gpp"]) == 5.0
    np.testing.assert_allclose(record.values["et"], 60 * 0.0864 / latent_heat(np.array(10.0)))
    assert np.isnan(record.values["gpp"]).sum() == np.isnan(record.values["nee"]).sum() == 5
    assert any("gpp left out on 5 days with quality below 0.5" in n for n in record.notes)
    (record,) = read_fluxnet([path], min_quality=0.0)
    assert not np.isnan(record.values["nee"]).any()


def test_half_hours_become_days(tmp_path):
    write(tmp_path / HH, halfhourly())
    ds = open_sites(tmp_path)
    assert ds.sizes["time"] == 3
    np.testing.assert_allclose(ds.tas, 20.0, atol=1e-5)
    np.testing.assert_allclose(ds.tas_min, 15.0, atol=1e-5)
    np.testing.assert_allclose(ds.tas_max, 25.0, atol=1e-5)
    np.testing.assert_allclose(ds.rsds, 17.28, rtol=1e-6)
    np.testing.assert_allclose(ds.pr, 4.8, rtol=1e-6)  # 48 times 0.1 mm
    np.testing.assert_allclose(
        ds.gpp, 5.0 * 12.011e-6 * 86400, rtol=1e-6
    )  # 1 umol m-2 s-1 = 1.0378 gC m-2 d-1
    np.testing.assert_allclose(ds.nee, -3.0 * 1.03775, rtol=1e-4)
    np.testing.assert_allclose(ds.et, 100 * 0.0864 / 2.45378, rtol=1e-5)


@pytest.mark.parametrize("stamp", ["TIMESTAMP_START", "TIMESTAMP"])
def test_hours_are_read_too(tmp_path, stamp):
    write(tmp_path / HH.replace("_HH_", "_HR_"), halfhourly(step=60, stamp=stamp))
    ds = open_sites(tmp_path)
    np.testing.assert_allclose(ds.pr, 2.4, rtol=1e-6)


def test_ends_of_intervals_are_moved_back(tmp_path):
    columns = halfhourly(stamp="TIMESTAMP_END")
    start = np.datetime64("2019-07-01T00:30")
    columns["TIMESTAMP_END"] = [
        (start + k * np.timedelta64(30, "m")).item().strftime("%Y%m%d%H%M") for k in range(144)
    ]
    write(tmp_path / HH, columns)
    ds = open_sites(tmp_path)
    assert ds.sizes["time"] == 3
    np.testing.assert_allclose(ds.tas_max, 25.0, atol=1e-5)


def test_days_need_enough_half_hours(tmp_path):
    gaps = [5.0] * 144
    gaps[48:60] = [float("nan")] * 12  # 36 of 48 present on day 2
    rain = [0.1] * 144
    rain[96:100] = [float("nan")] * 4  # 44 of 48 on day 3
    path = write(tmp_path / HH, halfhourly(GPP_NT_VUT_REF=gaps, P_F=rain))
    (record,) = read_fluxnet([path], min_coverage=0.8)
    assert np.isnan(record.values["gpp"]).tolist() == [False, True, False]
    np.testing.assert_allclose(record.values["pr"], 4.8)  # missing half hours count as the mean of the others
    (record,) = read_fluxnet([path], min_coverage=0.75)
    assert not np.isnan(record.values["gpp"]).any()
    (record,) = read_fluxnet([path], min_coverage=1.0)
    assert np.isnan(record.values["pr"]).tolist() == [False, False, True]


def test_poor_half_hours_spoil_the_day(tmp_path):
    flags = [0] * 144
    flags[0:30] = [2] * 30  # 18 of 48 good
    flags[48:96] = [1] * 48  # gap-filled well: good
    path = write(tmp_path / HH, halfhourly(NEE_VUT_REF_QC=flags))
    (record,) = read_fluxnet([path])
    for name in ("nee", "gpp", "reco"):
        assert np.isnan(record.values[name]).tolist() == [True, False, False]
    assert not np.isnan(record.values["et"]).any()


def test_to_days_by_hand():
    times = np.datetime64("2019-01-01T12:00", "m") + np.arange(4) * np.timedelta64(360, "m")
    values = np.array([1.0, 3.0, np.nan, 5.0])
    for collect, expected in (
        ("mean", [2.0, 5.0]),
        ("sum", [8.0, 20.0]),
        ("min", [1.0, 5.0]),
        ("max", [3.0, 5.0]),
    ):
        days, got = to_days(times, values, 360, collect, 0.0)
        assert days.astype(str).tolist() == ["2019-01-01", "2019-01-02"]
        np.testing.assert_allclose(got, expected)


def test_years_in_several_files_are_joined(tmp_path):
    columns = daily(40)
    for part, rows in (("2019", slice(0, 20)), ("2020", slice(20, 40))):
        write(tmp_path / DD.replace("2019-2019", part), {k: v[rows] for k, v in columns.items()})
    ds = open_sites(tmp_path)
    assert ds.sizes["time"] == 40
    assert len(__import__("json").loads(ds.attrs["source_files"])) == 3  # two tables and sites.csv


def test_half_hours_go_before_days(tmp_path):
    write(tmp_path / HH, halfhourly())
    write(tmp_path / DD, daily())
    ds = open_sites(tmp_path)
    assert ds.sizes["time"] == 3
    assert "half-hourly files read" in ds.attrs["history"]


def test_overlapping_files_are_an_error(tmp_path):
    write(tmp_path / DD, daily())
    write(tmp_path / DD.replace("1-4", "2-4"), daily())
    with pytest.raises(DataError, match="two files hold 2019-01-01 of site BE-Bra"):
        open_sites(tmp_path)


def test_file_names():
    from pathlib import Path

    for name in (
        DD,
        HH,
        "ICOSETC_BE-Bra_FLUXNET_HH_L2.csv",
        "AMF_BE-Bra_FLUXNET_SUBSET_DD_2000-2020_3-5.csv",
    ):
        assert is_fluxnet_name(Path(name)), name
        assert site_code(Path(name)) == "BE-Bra"
    for name in (
        "sites.csv",
        "FLX_BE-Bra_FLUXNET2015_FULLSET_YY_1.csv",
        "FLX_BE-Bra_FLUXNET2015_ERAI_HH_1.csv",
    ):
        assert not is_fluxnet_name(Path(name)), name


def test_real_messy_tables(shared_data):
    import pandas as pd

    ds = open_sites(shared_data / "fluxnet_csv")
    assert ds.site.values.tolist() == ["BE-Bra", "DE-Geb", "US-Wkg"]
    assert ds.attrs["history"].count("BE-Bra: ps had 8 values out of range, set missing") == 1
    assert ds.attrs["history"].count("DE-Geb: ps had 1 value out of range, set missing") == 1
    path = next((shared_data / "fluxnet_csv").glob("*BE-Bra*.csv"))
    raw = pd.read_csv(path, na_values=["NA"])
    ours = ds.sel(site="BE-Bra").dropna("time", subset=["tas"])
    np.testing.assert_allclose(ours.tas, raw.TA_F_MDS, rtol=1e-5)
    np.testing.assert_allclose(ours.rsds, raw.SW_IN_F_MDS * 0.0864, rtol=1e-5)
    np.testing.assert_allclose(
        ours.et, raw.LE_F_MDS * 0.0864 / (2.501 - 0.002361 * raw.TA_F_MDS), rtol=1e-5, atol=1e-6
    )
    assert ours.ps.isnull().sum() == 14
    assert float(ours.ps.min()) > 95
    assert "reco" not in ds
