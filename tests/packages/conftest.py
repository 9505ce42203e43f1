"""A study of twenty candidates, packaged for two mappers."""

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pytest

from tests.packages.scene import candidates, region
from tests.rule_files import ROOT
from tests.worlds import World
from workflow_scripts import package_review, review_imagery
from workflow_scripts.rogi.files import write_layers

MAPPERS = ["José Ñandú 王", "Bo O'Neill"]


class Packaged(NamedTuple):
    """Where the packages of a study lie, and the candidates they were made of."""

    folder: Path
    candidates: gpd.GeoDataFrame

    def package(self, mapper: int) -> Path:
        """Return the package of one mapper."""
        return self.folder / f"mapper_{mapper}.gpkg"


@pytest.fixture(scope="session")
def packaged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    """Return the packages of both mappers. Only to be read."""
    folder = tmp_path_factory.mktemp("study") / "results" / "review" / "west_range"
    found = candidates(20, units=2)
    inputs = {"candidates": folder / "candidates.gpkg", "subregions": folder / "subregions.gpkg"}
    write_layers(inputs["candidates"], {"candidates": found}, "MultiPolygon")
    write_layers(inputs["subregions"], {"subregions": region()})
    raster = str(folder / "mosaic.vrt")
    review_imagery.main(
        world.indexes[0], str(inputs["subregions"]), raster, "west_range", 100, ["red", "green", "blue"]
    )
    for number, mapper in enumerate(MAPPERS):
        package_review.main(
            **{name: str(path) for name, path in inputs.items()}, rasters=[raster], glacier_files=[],
            shortcuts=str(ROOT / "resources/qgis/review_keys.py"), package=str(folder / f"mapper_{number}.gpkg"),
            project=str(folder / f"mapper_{number}.qgz"), subregion="west_range", mapper=mapper, mappers=MAPPERS,
            mosaics=["Mosaic 1"], glaciers={"outlines": [], "debris": []}, block_m=3000, overlap_share=0.1,
            folder="resources/review", seed=7,
        )  # fmt: skip
    return Packaged(folder, found)
