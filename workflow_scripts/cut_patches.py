"""Cut patches out of the imagery, of all polygons and of all looks; which are for training is not known here."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.imagery.channels import Channels
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.index import read_index
from workflow_scripts.rogi.imagery.looks import COMPOSITE, Looks, looks_beside
from workflow_scripts.rogi.imagery.mosaic import Imagery
from workflow_scripts.rogi.imagery.screening import Screening
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.training.cutting import Cutter, LeftOut, Settings
from workflow_scripts.rogi.training.placing import Place, around_polygons, as_polygons, everywhere, random_terrain
from workflow_scripts.rogi.training.records import Patch, write_patches

NAMED = 10  # polygons that a message names


def main(
    inventory: str,
    indexes: list[str],
    subregions: list[str],
    further_looks: list[str],
    dem_files: list[str],
    channel_files: list[str],
    patches: str,
    footprints: str,
    bands: list[str],
    channels: list[dict[str, Any]],
    nodata: float | None,
    damaged: str,
    screening: dict[str, Any],
    settings: dict[str, Any],
    seed: int,
) -> None:
    """Choose places, cut every look at them, and write the patches and a map of where they lie."""
    cutting = Settings(**settings)
    polygons = _polygons(inventory)
    rock_glaciers = polygons.loc[polygons["kind"] == "rock_glacier"].geometry
    reader = Channels(channels, read_index(indexes[0]).attrs["grid"], dem_files, channel_files) if channels else None
    with Imagery(indexes, len(bands), nodata, Screening(**screening), damaged, reader) as imagery:
        ground = _ground(subregions, imagery)
        drawn = _random_terrain(ground, rock_glaciers, imagery.grid, cutting, seed)
        wanted = _places(ground, polygons, imagery.grid, cutting) + drawn
        looks = Looks(imagery, looks_beside(imagery, indexes, further_looks, cutting.looks == "each"))
        mapped = ground if cutting.where == "everywhere" else None
        cutter = Cutter(looks, bands, rock_glaciers, mapped, cutting)
        rows: list[dict[str, Any]] = []
        cut = _cut(cutter, wanted, rows)
        write_patches(patches, cut, bands, cutter.channels, cutting.size_px, cutting.min_valid_share)
        terrain = as_polygons(drawn, imagery.grid).to_crs(polygons.crs)
    table = gpd.GeoDataFrame(rows, crs=imagery.grid.crs)
    polygons = gpd.GeoDataFrame(pd.concat([polygons, terrain], ignore_index=True), crs=polygons.crs)
    polygons["patches"] = polygons["uid"].map(table.loc[table["used"], "uid"].value_counts()).fillna(0).astype(int)
    write_layers(footprints, {"patches": table, "polygons": polygons})
    _report(polygons, table)


def _polygons(inventory: str) -> gpd.GeoDataFrame:
    """Return rock glaciers and negatives, with their kind."""
    rock_glaciers, negatives = (read_vector(inventory, layer) for layer in ("rock_glaciers", "negatives"))
    both = [rock_glaciers.assign(kind="rock_glacier"), negatives]
    return gpd.GeoDataFrame(pd.concat(both, ignore_index=True), crs=rock_glaciers.crs)


def _ground(subregions: list[str], imagery: Imagery) -> gpd.GeoSeries:
    """Return the parts of the study's subregions, if they are needed, that any mosaic covers, in the imagery's CRS."""
    quads = pd.concat([mosaic.quads.geometry for mosaic in imagery.mosaics]).union_all()
    areas = [
        read_vector(path, "subregions").geometry.to_crs(imagery.grid.crs).intersection(quads) for path in subregions
    ]
    return gpd.GeoSeries([area for each in areas for area in each if not area.is_empty], crs=imagery.grid.crs)


def _places(ground: gpd.GeoSeries, polygons: gpd.GeoDataFrame, grid: PixelGrid, cutting: Settings) -> list[Place]:
    size = cutting.size_px, cutting.stride_px
    if cutting.where == "everywhere":
        return everywhere(ground, polygons, grid, *size)
    return around_polygons(polygons, grid, cutting.buffer_m, *size)


def _random_terrain(
    ground: gpd.GeoSeries, rock_glaciers: gpd.GeoSeries, grid: PixelGrid, cutting: Settings, seed: int
) -> list[Place]:
    wanted = round(cutting.random_terrain_per_rock_glacier * len(rock_glaciers))
    drawn = random_terrain(wanted, ground, rock_glaciers, grid, cutting.size_px, np.random.default_rng(seed))
    if len(drawn) < wanted:
        logging.getLogger("rogi").warning(
            "%d of %d places of random terrain: the imagery has no room for more beside rock glaciers; "
            "lower patches.random_terrain_per_rock_glacier",
            *(len(drawn), wanted),
        )
    return drawn


def _cut(
    cutter: Cutter, wanted: Sequence[Place], rows: list[dict[str, Any]]
) -> Iterator[tuple[Patch, Mapping[str, Any]]]:
    """Yield the patches, and add what is known of every look to `rows`.

    Raises:
        ValueError: There is no patch, before the file takes its place; the message counts the causes.
    """
    with progress("cutting patches", len(wanted), "places") as bar:
        for place in wanted:
            for row, patch in cutter.cut(place):
                rows.append(row)
                if patch is not None:
                    yield patch, row
            bar.advance(1)
    outcomes = Counter(row["left_out"] for row in rows)
    if not outcomes[""]:
        raise ValueError(
            f"none of {len(rows)} patches can be used: {outcomes[LeftOut.IMAGERY.value]} because imagery is missing "
            "there or smaller than a patch (fetch it, or lower patches.size_px or patches.min_valid_share), "
            f"{outcomes[LeftOut.POOR.value]} because of cloud, shadow or snow (raise patches.max_poor_share)"
        )


def _report(polygons: gpd.GeoDataFrame, table: gpd.GeoDataFrame) -> None:
    logger = logging.getLogger("rogi")
    without = polygons.loc[polygons["patches"] == 0, "uid"].tolist()
    named = ": " + ", ".join(without[:NAMED] + ["…"] * (len(without) > NAMED)) if without else ""
    logger.info("%d polygons without a patch of their own%s", len(without), named)
    used = table[table["used"]]
    missing = used["missing_channels"].str.split(", ").explode()
    reasons = table.loc[~table["used"], "left_out"].value_counts()
    logger.info(
        "%d patches of %d polygons (%s), %d of them further looks; %d left out%s; missing values: %s",
        *(len(used), len(polygons) - len(without), _counts(used.drop_duplicates("uid")["kind"].value_counts())),
        *((used["look"] != COMPOSITE).sum(), reasons.sum(), f" ({_counts(reasons)})" if len(reasons) else ""),
        _counts(missing[missing != ""].value_counts()) or "none",
    )


def _counts(counts: "pd.Series[int]") -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
