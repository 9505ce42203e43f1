"""Fields on regular grids of longitude and latitude, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.attributes.conftest import ClimateFiles
from workflow_scripts.rogi.attributes.grids import check_file, read_map
from workflow_scripts.rogi.attributes.monthly import Slot, read_month

FIELD = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # southern row first


def one_field(path: Path, **names: str) -> str:
    """Write a field with a time axis of length 1."""
    coordinates = {"time": [0], "lat": [34.0, 35.0], "lon": [1.0, 2.0, 3.0]}
    data = xr.Dataset({"z": (("time", "lat", "lon"), FIELD[None], {"units": "m"})}, coordinates).rename(names)
    data.to_netcdf(path, engine="h5netcdf")
    return str(path)


def test_a_map_is_turned_north_up(tmp_path: Path) -> None:
    field = read_map(one_field(tmp_path / "z.nc"), "z")
    np.testing.assert_array_equal(field.values, FIELD[::-1])
    assert tuple(field.transform)[:6] == pytest.approx((1, 0, 0.5, 0, -1, 35.5))


def test_axes_of_other_names_are_told_by_their_units(tmp_path: Path) -> None:
    path = tmp_path / "odd.nc"
    with xr.open_dataset(one_field(tmp_path / "z.nc", lat="row", lon="col"), engine="h5netcdf") as data:
        data["row"].attrs["units"], data["col"].attrs["units"] = "degrees_north", "degrees_east"
        data.to_netcdf(path, engine="h5netcdf")
    np.testing.assert_array_equal(read_map(str(path), "z").values, FIELD[::-1])


@pytest.mark.parametrize("unit", ["degrees_E", "degreeE", "degrees"])
def test_degrees_come_in_several_spellings(tmp_path: Path, unit: str) -> None:
    """All of the CF conventions, sect. 4.2."""
    path = tmp_path / "spelled.nc"
    with xr.open_dataset(one_field(tmp_path / "z.nc"), engine="h5netcdf") as data:
        data["lon"].attrs["units"] = unit
        data.to_netcdf(path, engine="h5netcdf")
    np.testing.assert_array_equal(read_map(str(path), "z").values, FIELD[::-1])


def test_a_check_finds_what_reading_would_find(tmp_path: Path, climate_files: ClimateFiles) -> None:
    check_file(climate_files.imerg(2020, 1, FIELD), "precipitation")
    whole = Path(climate_files.fldas(2020, 1, FIELD))
    check_file(str(whole), "Tair_f_tavg")
    with pytest.raises(ValueError, match=r"A202001.001.nc has no variable 'tas'; it holds .*Tair_f_tavg"):
        check_file(str(whole), "tas")
    cut = tmp_path / "cut.nc"
    cut.write_bytes(whole.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut.nc is damaged, it cannot be opened: .*; fetch it again"):
        check_file(str(cut), "Tair_f_tavg")
    classic = tmp_path / "classic.nc"
    xr.Dataset({"t": ("x", [1.0])}).to_netcdf(classic, engine="scipy")
    check_file(str(classic), "t")


def test_projected_axes_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "utm.nc")
    coordinates = {"y": [3.9e6, 3.8e6], "x": [5e5, 6e5, 7e5]}
    xr.Dataset({"t": (("y", "x"), FIELD, {"units": "K"})}, coordinates).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"utm.nc: 'y' runs from 3.9e\+06 to 3.8e\+06 \(no units\); expected degrees"):
        read_month(Slot(path, 0), "t")


def test_a_further_dimension_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "levels.nc")
    coordinates = {"level": [2, 10], "lat": [35.0, 34.0], "lon": [1.0, 2.0, 3.0]}
    data = xr.Dataset({"t": (("level", "lat", "lon"), np.stack([FIELD, FIELD]), {"units": "K"})}, coordinates)
    data.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"beside time, longitude and latitude 't' runs over level \(2\);"):
        read_month(Slot(path, 0), "t")


def test_axes_without_coordinates_are_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "rows.nc")
    xr.Dataset({"t": (("row", "col"), FIELD, {"units": "K"})}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"rows.nc: 't' has the dimensions row, col; expected one with coordinates"):
        read_month(Slot(path, 0), "t")
