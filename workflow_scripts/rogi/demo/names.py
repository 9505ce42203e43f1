"""Names of the demo world's files, as the real products name theirs. Light: Snakemake reads it with the Snakefile."""

import math
from collections.abc import Mapping
from typing import Any

ROOT = "results/demo_world"
QUADS_ACROSS = 2048
DEM_MARGIN_DEG = 0.1


def demo_files(demo: Mapping[str, Any], temperature_years: list[int], rain_years: list[int]) -> dict[str, list[str]]:
    """Return the files of the demo world by kind, from the settings `demo` and the years of the climate files."""
    return {
        "quads_q3": _quads(demo, "2021q3"),
        "quads_q4": _quads(demo, "2021q4"),
        "dem_tiles": _dem_tiles(demo),
        "fldas": [f"{ROOT}/fldas/FLDAS_NOAH01_C_GL_M.A{y}{m:02d}.001.nc" for y, m in _months(temperature_years)],
        "imerg": [
            f"{ROOT}/imerg/3B-MO.MS.MRG.3IMERG.{y}{m:02d}01-S000000-E235959.{m:02d}.V07B.HDF5"
            for y, m in _months(rain_years)
        ],
        "magt": [f"{ROOT}/magt/UiO_PEX_MAGTM_5.0_20181127_2000_2016_NH.tif"],
        "glaciers": [f"{ROOT}/rgi/14_rgi60_DemoRange.shp"],
        "debris": [f"{ROOT}/debris/DemoRange_minGl1km2_debrisCover.shp"],
        "subregions": [f"{ROOT}/subregions.gpkg"],
        "inventory_a": [f"{ROOT}/inventories/inventory_a.shp"],
        "inventory_b": [f"{ROOT}/inventories/inventory_b.gpkg"],
        "negatives": [f"{ROOT}/inventories/negatives.gpkg"],
        "survey": [f"{ROOT}/inventories/survey.gpkg"],
        "survey_area": [f"{ROOT}/inventories/survey_area.gpkg"],
        "truth": [f"{ROOT}/truth.gpkg"],
    }


def _months(years: list[int]) -> list[tuple[int, int]]:
    return [(year, month) for year in range(years[0], years[1] + 1) for month in range(1, 13)]


def _quads(demo: Mapping[str, Any], quarter: str) -> list[str]:
    return [
        f"{ROOT}/planet/{quarter}/L15-{demo['west_quad'] + x:04d}E-{demo['south_quad'] + y:04d}N.tif"
        for y in range(demo["quads_y"])
        for x in range(demo["quads_x"])
    ]


def _dem_tiles(demo: Mapping[str, Any]) -> list[str]:
    """Name the 1° NASADEM tiles that the quads and a margin round them touch."""
    west, east = (
        (demo["west_quad"] + x) / QUADS_ACROSS * 360 - 180 + margin
        for x, margin in ((0, -DEM_MARGIN_DEG), (demo["quads_x"], DEM_MARGIN_DEG))
    )
    south, north = (
        _latitude(demo["south_quad"] + y) + margin
        for y, margin in ((0, -DEM_MARGIN_DEG), (demo["quads_y"], DEM_MARGIN_DEG))
    )
    return [
        f"{ROOT}/nasadem/NASADEM_HGT_{_corner(latitude, longitude)}.zip"
        for latitude in range(math.floor(south), math.floor(north) + 1)
        for longitude in range(math.floor(west), math.floor(east) + 1)
    ]


def _latitude(quad: float) -> float:
    """Return the latitude of a quad's south edge (spherical Mercator, quads counted from the south)."""
    return math.degrees(math.atan(math.sinh((2 * quad / QUADS_ACROSS - 1) * math.pi)))


def _corner(latitude: int, longitude: int) -> str:
    return f"{'n' if latitude >= 0 else 's'}{abs(latitude):02d}{'e' if longitude >= 0 else 'w'}{abs(longitude):03d}"
