"""Columns of FLUXNET and ICOS tables: the variable each holds, its units and its quality flag."""

from __future__ import annotations

from dataclasses import dataclass

SUBDAILY = "HH"
DAILY = "DD"


@dataclass(frozen=True)
class Column:
    """Where a variable comes from in FLUXNET tables [@pastorello2020fluxnet2015].

    Attributes:
        name: variable in the registry.
        choices: columns that hold it, best first.
        daily_unit: unit in daily (DD) tables.
        subdaily_unit: unit in half-hourly and hourly tables; empty where no days are made from them.
        collect: how half hours become a day: "mean", "sum", "min" or "max".
        quality: column of the quality flag, "" for `<column>_QC`.
        flux: whether the variable is an observed flux, kept only where its quality suffices.
        subdaily_choices: columns in half-hourly tables, where they differ.
    """

    name: str
    choices: tuple[str, ...]
    daily_unit: str
    subdaily_unit: str
    collect: str = "mean"
    quality: str = ""
    flux: bool = False
    subdaily_choices: tuple[str, ...] = ()


def columns(partitioning: str = "NT", closed: bool = False) -> tuple[Column, ...]:
    """Return the columns to read.

    Args:
        partitioning: "NT" (night-time) or "DT" (day-time) partitioning of GPP and RECO.
        closed: whether ET is taken from the latent heat flux corrected for energy balance closure.
    """
    heat = ("LE_CORR",) if closed else ("LE_F_MDS",)
    carbon = ("g m-2 d-1", "umol m-2 s-1")
    air = ("TA_F", "TA_F_MDS", "TA")
    nee = ("NEE_VUT_REF", "NEE_CUT_REF", "NEE")
    met = (
        Column("tas", air, "degC", "degC"),
        Column("tas_min", ("TMIN_F", "TMIN_F_MDS", "TA_F_MIN"), "degC", "degC", "min", subdaily_choices=air),
        Column("tas_max", ("TMAX_F", "TMAX_F_MDS", "TA_F_MAX"), "degC", "degC", "max", subdaily_choices=air),
        Column("rsds", ("SW_IN_F", "SW_IN_F_MDS", "SW_IN"), "W m-2", "W m-2"),
        Column("rlds", ("LW_IN_F", "LW_IN_F_MDS", "LW_IN"), "W m-2", "W m-2"),
        Column("rn", ("NETRAD",), "W m-2", "W m-2"),
        Column("vpd", ("VPD_F", "VPD_F_MDS", "VPD"), "hPa", "hPa"),
        Column("pr", ("P_F", "P"), "mm d-1", "mm", "sum"),
        Column("co2", ("CO2_F_MDS", "CO2"), "ppm", "ppm"),
        Column("ps", ("PA_F", "PA"), "kPa", "kPa"),
        Column("ws", ("WS_F", "WS"), "m s-1", "m s-1"),
        Column("hurs", ("RH",), "%", "%"),
        Column("lai", ("LAI",), "1", ""),
        Column("fpar", ("FPAR",), "1", ""),
        Column("swc", ("SWC_F_MDS_1", "SWC_F_MDS", "SWC_1"), "%", "%"),
    )
    fluxes = (
        Column("nee", nee, *carbon, flux=True),
        Column(
            "gpp",
            tuple(f"GPP_{partitioning}_{u}_REF" for u in ("VUT", "CUT")),
            *carbon,
            quality="NEE_VUT_REF_QC",
            flux=True,
        ),
        Column(
            "reco",
            tuple(f"RECO_{partitioning}_{u}_REF" for u in ("VUT", "CUT")),
            *carbon,
            quality="NEE_VUT_REF_QC",
            flux=True,
        ),
        Column("et", heat, "W m-2", "W m-2", quality="LE_F_MDS_QC", flux=True),
        Column(
            "h", ("H_CORR",) if closed else ("H_F_MDS",), "W m-2", "W m-2", quality="H_F_MDS_QC", flux=True
        ),
        Column(
            "nee_unc",
            ("NEE_VUT_REF_JOINTUNC", "NEE_VUT_REF_RANDUNC"),
            carbon[0],
            "",
            quality="NEE_VUT_REF_QC",
            flux=True,
        ),
        Column(
            "et_unc",
            ("LE_CORR_JOINTUNC",) if closed else ("LE_RANDUNC",),
            "W m-2",
            "",
            quality="LE_F_MDS_QC",
            flux=True,
        ),
    )
    return met + fluxes
