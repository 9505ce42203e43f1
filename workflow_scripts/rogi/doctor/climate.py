"""Monthly climate: are all months there, in known units, with values that can be, where the study is?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from rasterio.transform import array_bounds

from workflow_scripts.rogi.attributes.climate import cell_elevations, check_wettest, in_our_units
from workflow_scripts.rogi.attributes.grids import Field, check_file
from workflow_scripts.rogi.attributes.monthly import Month, Slot, find_months, read_month
from workflow_scripts.rogi.attributes.quantities import CELSIUS, MILLIMETRES, Quantity
from workflow_scripts.rogi.doctor.covers import Area, Cover, box_of, cover, coverage
from workflow_scripts.rogi.doctor.presence import matching
from workflow_scripts.rogi.doctor.sampling import evenly
from workflow_scripts.rogi.doctor.verdicts import OK, Check, Verdict, answered, listed
from workflow_scripts.rogi.geodesy import WGS84

QUANTITIES: dict[str, tuple[str, Quantity, str]] = {
    "air_temperature": ("Air temperature", CELSIUS, "°C"),
    "precipitation": ("Precipitation", MILLIMETRES, "mm in a month"),
}


def examine_climate(config: Mapping[str, Any], area: Area | None) -> tuple[list[Verdict], list[Cover]]:
    """Look at the monthly products; arguments and results as for the other examinations."""
    verdicts: list[Verdict] = []
    covers: list[Cover] = []
    for key in QUANTITIES:
        settings = config["climate"][key]
        if paths := matching(settings["files"]):
            answers, fields = _product(key, paths, settings)
            verdicts += answers
            if fields and area is not None:
                found, answer = _extent(key, fields[0], area)
                verdicts.append(answer)
                covers.append(found)
    return verdicts, covers


def _product(key: str, paths: list[str], settings: Mapping[str, Any]) -> tuple[list[Verdict], list[Field]]:
    """Return the verdicts on the files of a product, and the fields of a sample of months."""
    whole, (dates, months) = _files(key, paths, settings["variable"]), _months(key, paths, settings)
    if whole.verdict != OK or not months:
        return [whole, dates], []
    values, fields = _values(key, evenly(list(months.items())), settings)
    orography = matching(settings["orography"]["path"]) if "orography" in settings and fields else []
    heights = [_orography(path, settings["orography"]["variable"], fields[0]) for path in orography]
    return [whole, dates, values, *heights], fields


def _files(key: str, paths: list[str], variable: str) -> Verdict:
    check = Check(
        *("format", f"climate.{key}", f"netCDF or HDF5 files with the variable '{variable}'"),
        "fetch the named files again, or correct the variable in the config",
    )
    faults = []
    for path in paths:
        try:
            check_file(path, variable)
        except ValueError as error:
            faults.append(str(error))
    found = f"{len(faults)} of {len(paths)} files cannot be used: {listed(faults)}" if faults else f"{len(paths)} files"
    return check.either(not faults, found)


def _months(key: str, paths: list[str], settings: Mapping[str, Any]) -> tuple[Verdict, dict[Month, Slot]]:
    first, last = settings["years"]
    check = Check(
        *("dates", f"climate.{key}", f"every month of {first} to {last}, once"),
        f"fetch the missing files, remove the surplus ones, or change climate.{key}.years",
    )
    try:
        months = find_months(paths, settings["variable"], settings["years"])
    except ValueError as error:
        return check.failed(str(error)), {}
    return check.ok(f"{len(months)} months"), months


def _values(key: str, months: list[tuple[Month, Slot]], settings: Mapping[str, Any]) -> tuple[Verdict, list[Field]]:
    _, quantity, unit = QUANTITIES[key]
    check = Check(
        *(
            "units and values",
            f"climate.{key}",
            f"known units; {quantity.limits[0]:g} to {quantity.limits[1]:g} {unit}",
        ),
        f"state the right units under climate.{key}.units, or repair the files",
    )
    fields: list[Field] = []

    def look() -> Verdict:
        for month, slot in months:
            field = read_month(slot, settings["variable"], settings["units"])
            values = in_our_units(field, settings["variable"], quantity, month, slot.path)
            fields.append(Field(values, field.transform, field.units))
        valid = np.concatenate([field.values[np.isfinite(field.values)] for field in fields])
        if not len(valid):
            return check.failed(f"no value in {len(months)} months sampled")
        if len(grids := {(field.transform, field.values.shape) for field in fields}) > 1:
            return check.failed(f"{len(grids)} different grids in {len(months)} months sampled; expected one")
        if quantity is MILLIMETRES:
            check_wettest(12 * np.mean([field.values for field in fields], axis=0), settings["variable"])
        return check.ok(
            f"'{fields[0].units}', {valid.min():.1f} to {valid.max():.1f} {unit} in {len(months)} months sampled"
        )

    return answered(check, look), fields


def _orography(path: str, variable: str, field: Field) -> Verdict:
    check = Check(
        *("format", f"climate.air_temperature.orography: {path}", "the elevation of the cells of the air temperature"),
        "take the orography or geopotential of the same product",
    )

    def look() -> Verdict:
        heights = cell_elevations(path, variable, field.values.shape, field.transform)
        return check.ok(f"cells at {np.nanmin(heights):.0f} to {np.nanmax(heights):.0f} m")

    return answered(check, look)


def _extent(key: str, field: Field, area: Area) -> tuple[Cover, Verdict]:
    """Compare the grid with the study area; cells that hold no value count in the verdict on markers, not here."""
    bounds = array_bounds(*field.values.shape, field.transform)
    found = cover(QUANTITIES[key][0], box_of(bounds, WGS84), area)
    check = Check(
        *("extent", f"climate.{key}", "a grid that holds every subregion"),
        "fetch the product for a larger area",
    )
    return found, coverage(check, found, area, is_tolerated=False)
