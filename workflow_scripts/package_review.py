"""What one mapper reviews of one subregion: a GeoPackage with forms, and a QGIS project beside it."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector
from workflow_scripts.rogi.geodesy import WGS84
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.packages.context import ice
from workflow_scripts.rogi.packages.geopackage import write_package
from workflow_scripts.rogi.packages.mapper import facts, package_layers
from workflow_scripts.rogi.packages.project import Project, Raster, view, write_project
from workflow_scripts.rogi.packages.sharing import share_out
from workflow_scripts.rogi.raster import open_raster
from workflow_scripts.rogi.review.fingerprints import candidates_fingerprint


def main(
    candidates: str, subregions: str, rasters: list[str], glacier_files: list[str], shortcuts: str,
    package: str, project: str, subregion: str, mapper: str, mappers: list[str], mosaics: list[str],
    glaciers: dict[str, Any], block_m: float, overlap_share: float, folder: str, seed: int,
) -> None:  # fmt: skip
    """Write the package and the project of one mapper.

    Args:
        candidates: GeoPackage with the layer `candidates`.
        subregions: GeoPackage with the layer `subregions`.
        rasters: Virtual rasters of the imagery, in the project's folder.
        glacier_files: Files of glaciers and debris-covered ice, for Snakemake to watch.
        shortcuts: Python code of the project's keys.
        package: GeoPackage to write.
        project: QGIS project (.qgz) to write in the same folder.
        subregion: Slug of the subregion.
        mapper: Name of the mapper.
        mappers: Names of all mappers, among whom the candidates are shared.
        mosaics: Names of the rasters.
        glaciers: Settings of glaciers and debris-covered ice.
        block_m: Side of the squares that territories are made of.
        overlap_share: Share of the candidates that two mappers get.
        folder: Where mappers' copies come back.
        seed: Seed of the draw of these.
    """
    del glacier_files
    regions = read_vector(subregions, LAYER).to_crs(WGS84)
    position = list(regions["slug"]).index(subregion)
    region = regions.iloc[[position]]
    found = read_vector(candidates, "candidates").to_crs(WGS84)
    # A generator per subregion: the others' candidates have no say in what is drawn here.
    rng = np.random.default_rng([seed, 3, position])
    shares = share_out(found, len(mappers), block_m, overlap_share, rng)
    mine = shares.of(mappers.index(mapper))
    others = found[~mine].assign(mapper=np.array(mappers, dtype=object)[shares.first[~mine]])
    returned = f"{folder}/{subregion}"
    told = facts(subregion, mapper, candidates_fingerprint(found), candidates, returned)
    around = {kind: ice(glaciers[key], region) for kind, key in (("glaciers", "outlines"), ("debris", "debris"))}
    code = Path(shortcuts).read_text(encoding="utf-8")
    layers = package_layers(found[mine], others, region, mapper, around, told, code)
    write_package(package, layers)
    crs = _crs(rasters[0])
    images = [Raster(f"./{Path(path).name}", name, crs, 4) for path, name in zip(rasters, mosaics, strict=True)]
    title = f"{region['NAME'].iloc[0]}, {mapper} (edit a copy in {returned}/)"
    first = view((found[mine] if mine.any() else region).to_crs(crs))
    write_project(project, Path(package).name, layers, images, Project(title, crs, first, code))
    logging.getLogger("rogi").info(
        "%s: %d of %d candidates for %s, %.2f km², %d of them for another mapper too",
        *(
            subregion,
            mine.sum(),
            len(found),
            mapper,
            found["area_m2"][mine].sum() / 1e6,
            (shares.second[mine] >= 0).sum(),
        ),
    )


def _crs(raster: str) -> CRS:
    with open_raster(raster) as dataset:
        return CRS.from_wkt(dataset.crs.to_wkt())


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
