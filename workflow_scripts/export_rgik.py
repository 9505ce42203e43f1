"""The published inventory in the layers and fields of RGIK and ESA CCI."""

import logging

import geopandas as gpd

from workflow_scripts.rogi.entrypoint import job
from workflow_scripts.rogi.files import read_vector, write_layers
from workflow_scripts.rogi.inventory.duplicates import MOSTLY
from workflow_scripts.rogi.inventory.subregions import LAYER
from workflow_scripts.rogi.rgik.export import outlines, primary_markers, searched_ground
from workflow_scripts.rogi.rgik.linking import moving_areas as linked_areas
from workflow_scripts.rogi.rgik.linking import restricted_outlines
from workflow_scripts.rogi.rgik.systems import systems

GEOMETRY = {"AOI": "MultiPolygon", "PM": "Point", "GO": "MultiPolygon", "MA": "MultiPolygon"}


def main(
    inventory: str, moving_areas: list[str], restricted: list[str], rgik: str, layer_name: str, touching_m: float
) -> None:
    """Write the layers AOI, PM and GO, and MA where there are moving areas.

    Args:
        inventory: The published GeoPackage.
        moving_areas: Vector file with the field VelClass; none leaves MA out.
        restricted: Vector file of restricted outlines; none gives extended ones alone.
        rgik: GeoPackage to write.
        layer_name: Names of the layers, {layer} standing for AOI, PM, GO or MA.
        touching_m: See `systems.systems`.
    """
    units = read_vector(inventory, "rock_glaciers")
    joined = systems(units, touching_m)
    drawn = restricted_outlines(read_vector(restricted[0]), units, MOSTLY, restricted[0]) if restricted else None
    layers = {"AOI": searched_ground(read_vector(inventory, LAYER))}
    layers |= {"PM": primary_markers(units, joined), "GO": outlines(units, drawn)}
    if moving_areas:
        layers["MA"] = linked_areas(read_vector(moving_areas[0]), units, moving_areas[0])
    names = {code: layer_name.replace("{layer}", code) for code in layers}
    write_layers(
        rgik,
        {names[code]: frame for code, frame in layers.items()},
        {names[code]: GEOMETRY[code] for code in layers},
    )
    _tell(layers, joined["AssocRGS"].nunique())


def _tell(layers: dict[str, gpd.GeoDataFrame], count: int) -> None:
    markers, drawn = layers["PM"], layers["GO"]
    log = logging.getLogger("rogi")
    units = int(markers["PrimaryID"].str.startswith("RGU").sum())
    log.info(
        "%d units in %d systems, %d of them of several units; %d extended and %d restricted outlines",
        *(units, count, len(markers) - units),
        *((drawn["OutType"] == kind).sum() for kind in ("Extended", "Restricted")),
    )
    if "MA" in layers:
        on_units = layers["MA"]["PrimaryID"].notna().sum()
        log.info("%d moving areas, %d of them on a unit", len(layers["MA"]), on_units)


if __name__ == "__main__":
    job(main, snakemake)  # noqa: F821
