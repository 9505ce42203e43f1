"""Which file holds which month, and how its axes, order and longitudes become a north-up map."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from tests.attributes.conftest import ClimateFiles
from workflow_scripts.rogi.attributes.monthly import Slot, find_months, read_month, read_months

FIELD = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # southern row first


def era5(path: Path, months: int = 24, longitude: tuple[float, ...] = (350.0, 355.0, 0.0, 5.0)) -> str:
    """Write a file of many months, northernmost row first, whose values count the months."""
    times = pd.date_range("2019-01-01", periods=months, freq="MS")
    values = np.arange(months)[:, None, None] + np.zeros((months, 3, len(longitude)))
    values = values + np.array(longitude) / 1000
    coordinates = {"time": times, "latitude": [50.0, 45.0, 40.0], "longitude": list(longitude)}
    array = xr.DataArray(values, coordinates, ("time", "latitude", "longitude"), attrs={"units": "K"})
    array.to_dataset(name="t2m").to_netcdf(path, engine="h5netcdf")
    return str(path)


def bare(path: Path) -> str:
    """Write a field without time and units."""
    coordinates = {"lat": [34.0, 35.0], "lon": [1.0, 2.0, 3.0]}
    xr.Dataset({"t": (("lat", "lon"), FIELD)}, coordinates).to_netcdf(path, engine="h5netcdf")
    return str(path)


def test_fldas_and_imerg_months_come_from_the_names(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2020, month, FIELD) for month in range(12, 0, -1)]
    found = find_months(paths, "Tair_f_tavg", [2020, 2020])
    assert list(found) == [(2020, month) for month in range(1, 13)]
    assert found[2020, 3] == Slot(paths[9], 0)
    rain = [climate_files.imerg(2020, month, FIELD) for month in range(1, 13)]
    assert find_months(rain, "precipitation", [2020, 2020])[2020, 12] == Slot(rain[11], 0)


def test_other_files_are_asked_for_their_time_axis(tmp_path: Path) -> None:
    path = era5(tmp_path / "era5.nc")
    found = find_months([path], "t2m", [2020, 2020])
    assert found[2020, 1] == Slot(path, 12)
    assert read_month(found[2020, 7], "t2m").values[0, 2] == pytest.approx(18)


def test_missing_and_duplicate_months_are_listed(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2019, month, FIELD) for month in range(1, 13) if month not in (2, 11)]
    paths.append(climate_files.fldas(2019, 5, FIELD, suffix=".copy"))
    expected = (
        r"'Tair_f_tavg' over 2019 to 2019 .* missing: 2019-02, 2019-11; more than once: 2019-05 "
        r"\(FLDAS_NOAH01_C_GL_M.A201905.001.nc, FLDAS_NOAH01_C_GL_M.A201905.001.copy.nc\); fetch"
    )
    with pytest.raises(ValueError, match=expected):
        find_months(paths, "Tair_f_tavg", [2019, 2019])


def test_months_of_other_years_do_not_matter(climate_files: ClimateFiles) -> None:
    paths = [climate_files.fldas(2019, month, FIELD) for month in range(1, 13)]
    paths += [climate_files.fldas(2018, 4, FIELD), climate_files.fldas(2018, 4, FIELD, suffix=".copy")]
    assert len(find_months(paths, "Tair_f_tavg", [2019, 2019])) == 12


def test_a_file_without_any_date_is_refused(tmp_path: Path) -> None:
    path = bare(tmp_path / "mean.nc")
    with pytest.raises(ValueError, match=r"mean.nc: neither its name .* says which month it holds; .* lat, lon"):
        find_months([path], "t", [2019, 2019])


def test_rows_run_southwards_and_columns_eastwards(climate_files: ClimateFiles) -> None:
    field = read_month(Slot(climate_files.fldas(2020, 1, FIELD), 0), "Tair_f_tavg")
    np.testing.assert_array_equal(field.values, FIELD[::-1])
    assert tuple(field.transform)[:6] == pytest.approx((0.1, 0, 79.0, 0, -0.1, 35.1))
    assert field.units == "K"


def test_imerg_with_longitude_first_gives_the_same_map(climate_files: ClimateFiles) -> None:
    field = read_month(Slot(climate_files.imerg(2020, 1, FIELD), 0), "precipitation")
    np.testing.assert_array_equal(field.values, FIELD[::-1])
    assert tuple(field.transform)[:6] == pytest.approx((0.1, 0, 79.0, 0, -0.1, 35.1))


def test_fill_values_are_nan(climate_files: ClimateFiles) -> None:
    field = read_month(Slot(climate_files.fldas(2020, 1, np.where(FIELD == 4, -9999, FIELD)), 0), "Tair_f_tavg")
    assert np.isnan(field.values).tolist() == [[True, False, False], [False] * 3]


def test_longitudes_of_0_to_360_are_turned(tmp_path: Path) -> None:
    field = read_month(Slot(era5(tmp_path / "e.nc"), 0), "t2m")
    np.testing.assert_allclose(field.values[0], [0.350, 0.355, 0, 0.005])
    assert tuple(field.transform)[:6] == pytest.approx((5, 0, -12.5, 0, -5, 52.5))


def test_classic_netcdf_is_read_too(tmp_path: Path) -> None:
    path = str(tmp_path / "classic.nc")
    with xr.open_dataset(era5(tmp_path / "e.nc"), engine="h5netcdf") as data:
        data.to_netcdf(path, engine="scipy")
    assert read_month(Slot(path, 5), "t2m").values[0, 2] == 5


def test_an_uneven_grid_a_wrong_variable_and_missing_units_are_refused(tmp_path: Path) -> None:
    uneven = era5(tmp_path / "uneven.nc", 12, (350.0, 355.0, 0.0, 7.0))
    with pytest.raises(ValueError, match=r"uneven.nc: the cells are not evenly spaced"):
        read_month(Slot(uneven, 0), "t2m")
    with pytest.raises(ValueError, match=r"uneven.nc has no variable 'Tair'; it holds t2m"):
        read_month(Slot(uneven, 0), "Tair")
    plain = bare(tmp_path / "bare.nc")
    with pytest.raises(ValueError, match=r"bare.nc: 't' states no units"):
        read_month(Slot(plain, 0), "t")


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.nc"
    path.write_text("<html>login required</html>")
    with pytest.raises(ValueError, match=r"page.nc is neither netCDF nor HDF5, it starts with b'<html>login"):
        read_month(Slot(str(path), 0), "t2m")


def test_a_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    whole = Path(era5(tmp_path / "cut.nc", 12)).read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut.nc is damaged, it cannot be opened: .*; fetch it again"):
        read_month(Slot(str(tmp_path / "cut.nc"), 0), "t2m")


def with_times(path: Path, numbers: list[float], units: str, calendar: str = "standard", **bounds: object) -> str:
    """Write fields with a time axis as stated."""
    coordinates = {"time": ("time", numbers, {"units": units, "calendar": calendar, **bounds}), "lat": [35.0, 34.0],
                   "lon": [1.0, 2.0, 3.0]}  # fmt: skip
    values = np.arange(len(numbers))[:, None, None] + np.zeros((1, 2, 3))
    data = xr.Dataset({"t": (("time", "lat", "lon"), values, {"units": "K"})}, coordinates)
    if bounds:
        data["edges"] = (("time", "side"), np.column_stack([[0, *numbers[:-1]], numbers]))
    data.to_netcdf(path, engine="h5netcdf")
    return str(path)


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "julian"])
def test_calendars_of_climate_models_are_refused(tmp_path: Path, calendar: str) -> None:
    path = with_times(tmp_path / "model.nc", [15.0, 45.0], "days since 2019-01-01", calendar)
    with pytest.raises(
        ValueError, match=rf"model.nc: the time axis 'time' is in the calendar '{calendar}'.*setcalendar"
    ):
        find_months([path], "t", [2019, 2019])


def test_times_that_are_no_dates_are_refused(tmp_path: Path) -> None:
    path = with_times(tmp_path / "odd.nc", [0.0, 1.0], "months since 2019-01-01")
    with pytest.raises(ValueError, match=r"odd.nc: the times are in 'months since 2019-01-01', which cannot be read"):
        find_months([path], "t", [2019, 2019])


def test_two_stamps_of_a_month_in_one_file_are_found(tmp_path: Path) -> None:
    path = with_times(
        tmp_path / "twice.nc", [3.0, *(15.0 + 30.4 * month for month in range(12))], "days since 2019-01-01"
    )
    with pytest.raises(ValueError, match=r"missing: none; more than once: 2019-01 \(twice.nc, twice.nc\); fetch"):
        find_months([path], "t", [2019, 2019])


def test_stamps_at_the_end_of_a_month_are_told_by_their_bounds(tmp_path: Path) -> None:
    """1 February 0:00 with bounds from 1 January on is January."""
    ends = [float(day) for day in np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])]
    path = with_times(tmp_path / "ends.nc", ends, "days since 2019-01-01", bounds="edges")
    assert find_months([path], "t", [2019, 2019])[2019, 12] == Slot(path, 11)


def test_bounds_may_count_from_another_date_than_their_axis(tmp_path: Path) -> None:
    """As xarray writes them: stamps from the first of them on, bounds from the start of the first."""
    edges = pd.date_range("2019-01-01", periods=13, freq="MS")
    stamps = ("time", (edges[1:] - edges[1]).days.to_numpy(), {"units": f"days since {edges[1]}", "bounds": "edges"})
    starts = (edges - edges[0]).days.to_numpy()
    data = xr.Dataset({"t": (("time", "lat", "lon"), np.zeros((12, 2, 3)))}, {"time": stamps})
    data["edges"] = (("time", "side"), np.column_stack([starts[:-1], starts[1:]]), {"units": f"days since {edges[0]}"})
    data.to_netcdf(tmp_path / "ends.nc", engine="h5netcdf")
    path = str(tmp_path / "ends.nc")
    assert find_months([path], "t", [2019, 2019])[2019, 1] == Slot(path, 0)


def test_fields_are_read_in_slabs_of_the_file(tmp_path: Path, climate_files: ClimateFiles) -> None:
    """Every month comes once and in order, also across files of one month and of many."""
    path = era5(tmp_path / "era5.nc", 12)
    months = find_months([path], "t2m", [2019, 2019])
    values = [field.values[0, 2] for _, field in read_months(months, "t2m", None)]
    np.testing.assert_allclose(values, np.arange(12))
    chosen = {month: months[month] for month in [(2019, 2), (2019, 3), (2019, 9)]}
    assert [field.values[0, 2] for _, field in read_months(chosen, "t2m", None)] == [1, 2, 8]


def test_units_are_taken_from_the_config_where_the_file_has_none(tmp_path: Path) -> None:
    assert read_month(Slot(bare(tmp_path / "bare.nc"), 0), "t", "K").units == "K"


def test_a_file_named_after_one_month_that_holds_several_is_refused(tmp_path: Path) -> None:
    path = era5(tmp_path / "FLDAS_NOAH01_C_GL_M.A201901.001.nc", 3)
    with pytest.raises(ValueError, match=r"A201901.001.nc is named as a file of one month and holds 3; rename it"):
        read_month(Slot(path, 0), "t2m")
