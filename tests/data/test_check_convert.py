import io
import json

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from data import check, convert, open_sites, provenance
from data.errors import DataError


@pytest.fixture
def table(tmp_path):
    """A daily FLUXNET table of 30 days with two impossible pressures."""
    days = [str(np.datetime64("2019-01-01") + np.timedelta64(k, "D")) for k in range(30)]
    head = "TIMESTAMP,TA_F,TMIN_F,TMAX_F,SW_IN_F,VPD_F,P_F,CO2_F_MDS,PA_F,GPP_NT_VUT_REF,NEE_VUT_REF_QC"
    rows = [f"{d},10,5,15,100,5,2,410,{-4000 if k == 4 else 101},4,1" for k, d in enumerate(days)]
    path = tmp_path / "in" / "FLX_BE-Bra_FLUXNET2015_FULLSET_DD_2019-2019_1-4.csv"
    path.parent.mkdir()
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_report_of_sites(folder):
    report = check.check(folder)
    assert report.ok
    assert report.verdict == ""
    assert [s.name for s in report.sources] == ["boreal.nc", "savanna.nc", "temperate_deciduous.nc"]
    first = report.sources[0]
    assert (first.steps, first.step, first.duplicates, first.gaps) == (2191, "day", 0, 0)
    gpp = next(v for v in first.variables if v.name == "gpp")
    with xr.open_dataset(folder / "boreal.nc") as ds:
        assert gpp.missing == int(ds.gpp.isnull().sum())
        assert gpp.maximum == pytest.approx(float(ds.gpp.max()))
    assert gpp.longest_gap > 3
    json.dumps(report.to_dict(), allow_nan=False)


def test_report_prints(folder):
    report = check.check(folder / "boreal.nc")
    stream = io.StringIO()
    Console(file=stream, width=200).print(report)
    for text in (stream.getvalue(), str(report)):
        assert "boreal.nc" in text
        assert "tas_min" in text
        assert "g m-2 d-1" in text
        assert "Ready" in text


def test_report_of_faults(folder, tmp_path):
    with xr.open_dataset(folder / "boreal.nc") as ds:
        ds = ds.load()
    ds["pr"].attrs["units"] = "K"
    del ds["vpd"].attrs["units"]
    ds["rsds"][5:9] = np.nan
    ds["et"][3] = np.inf
    order = np.r_[0:10, 10, 10, 12:40]
    ds.isel(time=order).to_netcdf(tmp_path / "bad.nc")
    (tmp_path / "cut.nc").write_bytes((folder / "savanna.nc").read_bytes()[:5000])
    report = check.check(tmp_path)
    told = "\n".join(report.problems)
    assert not report.ok
    assert report.verdict
    for text in (
        "'K' does not convert to 'mm d-1' (bad.nc, variable pr)",
        "the unit is missing, 'hPa' is wanted",
        "4 values of forcing missing, at most 4 in a row",
        "1 infinite value",
        "1 times occur again",
        "1 time steps are missing",
        "cut.nc",
    ):
        assert text in told, text


def test_report_of_tables(table):
    report = check.check(table)
    told = "\n".join(report.problems)
    assert "1 value outside 45 to 110 kPa" in told
    assert "the site coordinate 'lat' is missing" in told
    assert "coordinate" in report.verdict


def test_report_of_other_cubes(shared_data):
    report = check.check(shared_data / "flux_monthly" / "drivers_obs.nc")
    assert report.sources[0].step == "month"
    assert "daily values are wanted" in report.verdict
    report = check.check(shared_data / "scenario" / "cmip6_global_tas.nc")
    assert report.sources[0].steps == 253


def test_convert_round_trip(table, tmp_path):
    out = tmp_path / "out"
    paths = convert.convert_fluxnet(
        table.parent, out, sites={"BE-Bra": {"lat": 51.3, "lon": 4.5, "igbp": "MF"}}
    )
    assert paths == [out / "BE-Bra.nc"]
    ds = open_sites(out)
    assert ds.igbp.item() == "MF"
    np.testing.assert_allclose(ds.gpp, 4.0)
    np.testing.assert_allclose(ds.rsds, 8.64, rtol=1e-6)
    with xr.open_dataset(paths[0]) as raw:
        assert raw.attrs["Conventions"] == "CF-1.10"
        assert "ps had 1 value out of range" in raw.attrs["history"]
        assert raw.pr.attrs["units"] == "mm d-1"
        assert raw.tas_min.attrs["cell_methods"] == "time: minimum"
    assert check.check(out).ok


def test_convert_writes_nothing_on_failure(table, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(DataError, match="site coordinate 'lat' is missing"):
        convert.convert_fluxnet([table], out)
    assert not out.exists()


def test_convert_with_a_table_of_sites(table, tmp_path):
    sites = tmp_path / "where.csv"
    sites.write_text("SITE_ID,LOCATION_LAT,LOCATION_LONG,IGBP\nBE-Bra,51.3,4.5,MF\n")
    convert.convert_fluxnet([table], tmp_path / "out", metadata=sites)
    ds = open_sites(tmp_path / "out")
    assert (ds.lat.item(), ds.lon.item(), ds.igbp.item()) == (51.3, 4.5, "MF")


def test_convert_real_tables(shared_data, tmp_path):
    paths = convert.convert_fluxnet(shared_data / "fluxnet_csv", tmp_path)
    assert [p.name for p in paths] == ["BE-Bra.nc", "DE-Geb.nc", "US-Wkg.nc"]
    one, other = open_sites(tmp_path), open_sites(shared_data / "fluxnet_csv")
    for name in other.data_vars:
        np.testing.assert_array_equal(one[name].values, other[name].values)


def test_environment_and_inputs(folder, tmp_path):
    found = provenance.environment()
    assert found["packages"]["numpy"] == np.__version__
    assert found["packages"]["terrax"] is not None
    json.dumps(found)
    assert provenance.versions(["no-such-package-here"]) == {"no-such-package-here": None}
    files = provenance.input_files([folder])
    assert [f["path"].split("/")[-1] for f in files] == ["boreal.nc", "savanna.nc", "temperate_deciduous.nc"]
    assert files[0]["sha256"] == provenance.source_files(open_sites(folder))[0]["sha256"]
    assert provenance.commit(tmp_path) is None
    with pytest.raises(DataError, match="does not exist"):
        provenance.input_files([tmp_path / "none"])
