"""Monthly air temperature (FLDAS) and precipitation (IMERG) of the demo world: crops of the global 0.1° grids."""

import re
from calendar import monthrange
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from scipy import ndimage

from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.files import replacing

CELL_DEG = 0.1
AROUND_DEG = 0.5
FLDAS_FILL = -9999.0
IMERG_FILL = -9999.9
KELVIN_AT_5000_M = 268.4  # annual mean, -4.75 °C
LAPSE_K_PER_M = 0.0062
SEASON_K = 12.5  # half the range between the coldest and the warmest month
MM_PER_YEAR = 310.0
EPOCH = datetime(1980, 1, 6)
_MONTH = re.compile(r"(?:\.A|IMERG\.)(\d{4})(\d{2})")


def month_of(path: str | Path) -> tuple[int, int]:
    """Return year and month from the name of an FLDAS or IMERG monthly file.

    Raises:
        ValueError: The name holds no month.
    """
    found = _MONTH.search(Path(path).name)
    if not found:
        raise ValueError(f"{path} is named neither like an FLDAS nor like an IMERG monthly file")
    return int(found[1]), int(found[2])


def check_months(paths: list[str], years: list[int]) -> None:
    """Check that there is one file for every month from the first to the last year.

    Raises:
        ValueError: A month is missing, or there are others.
    """
    wanted = {(year, month) for year in range(years[0], years[-1] + 1) for month in range(1, 13)}
    if {month_of(path) for path in paths} != wanted or len(paths) != len(wanted):
        raise ValueError(
            f"expected one file for each of the {len(wanted)} months of {years[0]} to {years[-1]}, "
            f"was asked for {len(paths)} files; a demo needs the same years for temperature and precipitation"
        )


def grid(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes of the 0.1° cells (centres at odd twentieths) around the imagery."""
    west, south, east, north = scene.frame.bounds_lonlat()
    return _centres(west, east), _centres(south, north)


def _centres(low: float, high: float) -> np.ndarray:
    first, last = np.floor((low - AROUND_DEG) / CELL_DEG), np.ceil((high + AROUND_DEG) / CELL_DEG)
    return np.round((np.arange(first, last) + 0.5) * CELL_DEG, 2)


def cell_heights(scene: Scene, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Return the mean height of 0.1° cells, m, shape (latitude, longitude); beyond the relief that of its edge."""
    offsets = (np.arange(10) - 4.5) / 10 * CELL_DEG
    x = (longitude[:, None] + offsets).ravel()
    y = (latitude[:, None] + offsets).ravel()
    column, row = scene.frame.pixels(x, y)
    where = np.meshgrid(scene.frame.coarse_index(row, 0), scene.frame.coarse_index(column, 1), indexing="ij")
    fine = ndimage.map_coordinates(scene.relief.height, where, order=1, mode="nearest")
    return fine.reshape(len(latitude), 10, len(longitude), 10).mean(axis=(1, 3))


def air_temperature(height: np.ndarray, year: int, month: int) -> np.ndarray:
    """Return monthly mean air temperature in K: a lapse with height, a seasonal cycle, and a little year by year."""
    season = -SEASON_K * np.cos(2 * np.pi * (month - 1) / 12)
    return KELVIN_AT_5000_M - LAPSE_K_PER_M * (height - 5000) + season + 0.4 * np.sin(1.7 * year)


def precipitation(height: np.ndarray, year: int, month: int) -> np.ndarray:
    """Return monthly mean precipitation in mm/hr: more in summer and high up."""
    share = 1 + 0.75 * np.cos(2 * np.pi * (month - 7) / 12)
    yearly = MM_PER_YEAR * (1 + 0.00045 * (height - 5000)) * (1 + 0.08 * np.sin(2.3 * year))
    return yearly * share / (365.25 * 24)


def write_fldas(scene: Scene, paths: list[str]) -> None:
    """Write FLDAS monthly files, `FLDAS_NOAH01_C_GL_M.A201901.001.nc`; two cells in a corner are missing."""
    longitude, latitude = grid(scene)
    height = cell_heights(scene, longitude, latitude)
    for path in paths:
        year, month = month_of(path)
        kelvin = air_temperature(height, year, month).astype(np.float32)
        kelvin[0, :2] = np.nan
        with replacing(path) as temporary:
            _fldas_month(kelvin, longitude, latitude, year, month).to_netcdf(
                temporary, engine="h5netcdf", unlimited_dims=["time"], encoding=_fldas_encoding(year, month)
            )


def _fldas_month(kelvin: np.ndarray, longitude: np.ndarray, latitude: np.ndarray, year: int, month: int) -> xr.Dataset:
    names = {"standard_name": "air_temperature", "long_name": "air temperature", "units": "K"}
    more = {"cell_methods": "time: mean", "vmin": float(np.nanmin(kelvin)), "vmax": float(np.nanmax(kelvin))}
    return xr.Dataset(
        {"Tair_f_tavg": (("time", "Y", "X"), kelvin[None], names | more)},
        {
            "X": ("X", longitude.astype(np.float32), {"units": "degrees_east", "standard_name": "longitude"}),
            "Y": ("Y", latitude.astype(np.float32), {"units": "degrees_north", "standard_name": "latitude"}),
            "time": ("time", [np.datetime64(f"{year}-{month:02d}-01", "ns")], {"standard_name": "time"}),
        },
        {
            "title": "FLDAS land surface model output, synthetic demo crop",
            "missing_value": FLDAS_FILL,
            "MAP_PROJECTION": "EQUIDISTANT CYLINDRICAL",
            "SOUTH_WEST_CORNER_LAT": float(latitude[0]),
            "SOUTH_WEST_CORNER_LON": float(longitude[0]),
            "DX": CELL_DEG,
            "DY": CELL_DEG,
        },
    )


def _fldas_encoding(year: int, month: int) -> dict[str, dict[str, object]]:
    fill = np.float32(FLDAS_FILL)
    return {
        "Tair_f_tavg": {"_FillValue": fill, "missing_value": fill, "zlib": True, "complevel": 4},
        "X": {"_FillValue": None},
        "Y": {"_FillValue": None},
        "time": {"units": f"days since {year}-{month:02d}-01 00:00:00", "dtype": "float64", "_FillValue": None},
    }


def write_imerg(scene: Scene, paths: list[str]) -> None:
    """Write IMERG monthly files, `3B-MO.MS.MRG.3IMERG.20190101-S000000-E235959.01.V07B.HDF5`."""
    longitude, latitude = grid(scene)
    height = cell_heights(scene, longitude, latitude)
    for path in paths:
        year, month = month_of(path)
        rain = precipitation(height, year, month).T.astype(np.float32)
        rain[:2, 0] = IMERG_FILL
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs["FileHeader"] = f"DOI=10.5067/GPM/IMERG/3B-MONTH/07;\nFileName={Path(path).name};\n"
            _imerg_grid(file.create_group("Grid"), rain, longitude, latitude, datetime(year, month, 1))


def _imerg_grid(
    group: h5py.Group, rain: np.ndarray, longitude: np.ndarray, latitude: np.ndarray, start: datetime
) -> None:
    days = monthrange(start.year, start.month)[1]
    group.attrs["GridHeader"] = (
        f"BinMethod=ARITHMEAN;\nRegistration=CENTER;\nLatitudeResolution={CELL_DEG};\nLongitudeResolution={CELL_DEG};\n"
        f"Origin=SOUTHWEST;\nDaysInMonth={days};\n"
    )
    seconds = np.array([int((start - EPOCH).total_seconds())], dtype=np.int32)
    axes = {
        "time": (seconds, "seconds since 1980-01-06 00:00:00 UTC"),
        "lon": (longitude.astype(np.float32), "degrees_east"),
        "lat": (latitude.astype(np.float32), "degrees_north"),
    }
    for name, (values, units) in axes.items():
        axis = group.create_dataset(name, data=values)
        axis.make_scale(name)
        axis.attrs.update({"units": units, "Units": units, "standard_name": name, "DimensionNames": name})
    data = group.create_dataset(
        "precipitation", data=rain[None], fillvalue=np.float32(IMERG_FILL), compression="gzip", chunks=(1, *rain.shape)
    )
    data.attrs.update({"units": "mm/hr", "Units": "mm/hr", "DimensionNames": "time,lon,lat"})
    data.attrs.update({"_FillValue": np.float32(IMERG_FILL), "CodeMissingValue": str(IMERG_FILL)})
    for position, name in enumerate(axes):
        data.dims[position].attach_scale(group[name])
