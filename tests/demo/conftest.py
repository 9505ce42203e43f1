"""The smallest demo world, made twice: once in memory and once written by the script."""

from pathlib import Path
from typing import Any

import pytest

from workflow_scripts.make_demo_world import main
from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.scene import Scene, make_scene

FRAME = Frame(west_quad=1474, south_quad=1237, quads_x=1, quads_y=1)
SEED, ROCK_GLACIERS = 20240, 14
NAMES = ["Demo Range West", "Demo Range East", "Demo Basin"]
QUAD = "L15-1474E-1237N.tif"


def demo_paths(folder: Path) -> dict[str, Any]:
    months = [(year, month) for year in (2019, 2020) for month in range(1, 13)]
    imerg = "3B-MO.MS.MRG.3IMERG.{0}{1:02d}01-S000000-E235959.{1:02d}.V07B.HDF5"
    return {
        "quads_q3": [str(folder / "2021q3" / QUAD)],
        "quads_q4": [str(folder / "2021q4" / QUAD)],
        "dem_tiles": [str(folder / f"NASADEM_HGT_n{latitude}e079.zip") for latitude in (34, 35)],
        "fldas": [str(folder / f"FLDAS_NOAH01_C_GL_M.A{year}{month:02d}.001.nc") for year, month in months],
        "imerg": [str(folder / imerg.format(year, month)) for year, month in months],
        "magt": str(folder / "UiO_PEX_MAGTM_5.0_20181127_2000_2016_NH.tif"),
        "glaciers": str(folder / "14_rgi60_DemoRange.shp"),
        "debris": str(folder / "DemoRange_minGl1km2_debrisCover.shp"),
        "subregions": str(folder / "subregions.gpkg"),
        "inventory_a": str(folder / "inventory_a.shp"),
        "inventory_b": str(folder / "inventory_b.gpkg"),
        "negatives": str(folder / "negatives.gpkg"),
        "survey": str(folder / "survey.gpkg"),
        "survey_area": str(folder / "survey_area.gpkg"),
        "truth": str(folder / "truth.gpkg"),
    }


@pytest.fixture(scope="session")
def scene() -> Scene:
    return make_scene(FRAME, ROCK_GLACIERS, SEED)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Paths of a written world, by the script's output names. Only to be read."""
    paths = demo_paths(tmp_path_factory.mktemp("demo_world"))
    main(
        **paths,
        seed=SEED,
        quads_x=1,
        quads_y=1,
        west_quad=1474,
        south_quad=1237,
        rock_glaciers=ROCK_GLACIERS,
        subregion_names=NAMES,
        inventory_years=[2019, 2020],
        threads=2,
    )
    return paths
