"""QGIS projects beside a package: imagery below, layers above, paths relative, the view where the work is."""

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
from pyproj import CRS

from workflow_scripts.rogi.files import replacing
from workflow_scripts.rogi.packages.geopackage import Layer, layer_id
from workflow_scripts.rogi.packages.markup import VERSION, document, node

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Raster:
    """An image below the layers.

    Attributes:
        path: File that GDAL opens, relative to the project.
        title: Its name in the project.
        crs: Its CRS.
        alpha: Number of its alpha band; None where it has none. Bands 1 to 3 are red, green and blue.
    """

    path: str
    title: str
    crs: CRS
    alpha: int | None = None


@dataclass(frozen=True)
class Project:
    """What a project says beside its layers.

    Attributes:
        title: Title of the window.
        crs: CRS of the map.
        view: West, south, east and north of the first view, in `crs`.
        macro: Python code that QGIS runs when the project is opened, if the user lets it; empty for none.
    """

    title: str
    crs: CRS
    view: Bounds
    macro: str = ""


def view(shapes: gpd.GeoDataFrame) -> Bounds:
    """Return the box round some features, with a margin of a twentieth of its sides."""
    west, south, east, north = (float(edge) for edge in shapes.total_bounds)
    x, y = (east - west) / 20, (north - south) / 20
    return west - x, south - y, east + x, north + y


def write_project(
    path: str | Path, package: str, layers: Sequence[Layer], rasters: Sequence[Raster], project: Project
) -> None:
    """Write a QGIS project (.qgz).

    Args:
        path: The target; replaced if it exists.
        package: File name of the GeoPackage, which lies beside the project.
        layers: Its layers, from top to bottom.
        rasters: Images below them, from top to bottom.
        project: What else there is to say.

    Raises:
        OSError: The file could not be written; an older one is left as it was.
    """
    maps = [_vector(layer, package) for layer in layers] + [_raster(raster) for raster in rasters]
    shown = [layer.visible for layer in layers] + [True] * len(rasters)
    target = node("destinationsrs", _crs(project.crs))
    root = node(
        "qgis",
        node("title", text=project.title),
        node("projectCrs", _crs(project.crs)),
        node("layer-tree-group", *map(_tree_layer, maps, shown)),
        node("mapcanvas", node("units", text="meters"), _extent(project.view), target, name="theMapCanvas"),
        node("projectlayers", *maps),
        _properties(project.macro),
        node("ProjectViewSettings", node("Scales"), _default_view(project), UseProjectScales=False),
        projectname=project.title,
        version=VERSION,
    )
    _write_zip(path, document(root))


def _write_zip(path: str | Path, text: str) -> None:
    """Write the project into an archive; a fixed time, so that the same project is the same file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo(f"{Path(path).stem}.qgs", (2024, 1, 1, 0, 0, 0))
        archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getvalue())


def _vector(layer: Layer, package: str) -> ET.Element:
    """Return a layer of the package with its style, which QGIS takes from the project and not from the GeoPackage."""
    spatial = isinstance(layer.frame, gpd.GeoDataFrame)
    parts = [_crs(CRS(layer.frame.crs))] if spatial else []
    return node(
        "maplayer",
        node("id", text=layer_id(layer.name)),
        node("datasource", text=f"./{package}|layername={layer.name}"),
        node("layername", text=layer.title),
        node("srs", *parts),
        node("provider", text="ogr", encoding="UTF-8"),
        *layer.style(),
        type="vector", geometry=_GEOMETRIES[layer.geometry_type] if spatial else "No geometry",
        wkbType=layer.geometry_type if spatial else "NoGeometry",
        readOnly=layer.read_only, labelsEnabled=bool(layer.look and layer.look.label),
        styleCategories="AllStyleCategories",
    )  # fmt: skip


_GEOMETRIES = {"MultiPolygon": "Polygon", "Polygon": "Polygon", "Point": "Point", "MultiPoint": "Point"}


def _raster(raster: Raster) -> ET.Element:
    alpha = -1 if raster.alpha is None else raster.alpha
    drawn = node("rasterrenderer", type="multibandcolor", opacity=1, redBand=1, greenBand=2, blueBand=3,
                 alphaBand=alpha)  # fmt: skip
    return node(
        "maplayer",
        node("id", text=f"raster_layer_{Path(raster.path).stem}"),
        node("datasource", text=raster.path),
        node("layername", text=raster.title),
        node("srs", _crs(raster.crs)),
        node("provider", text="gdal"),
        node("pipe", drawn),
        type="raster", styleCategories="AllStyleCategories",
    )  # fmt: skip


def _tree_layer(layer: ET.Element, shown: bool) -> ET.Element:
    """Return the layer's line in the list of layers; the legend of one that is edited is open."""
    told = {key: layer.findtext(key, "") for key in ("id", "datasource", "layername", "provider")}
    return node("layer-tree-layer", id=told["id"], name=told["layername"], source=told["datasource"],
                providerKey=told["provider"], checked="Qt::Checked" if shown else "Qt::Unchecked",
                expanded=layer.get("readOnly") == "0")  # fmt: skip


def _crs(crs: CRS) -> ET.Element:
    authority = ":".join(crs.to_authority() or ())
    return node("spatialrefsys", node("wkt", text=crs.to_wkt()), node("authid", text=authority))


def _extent(view: Bounds) -> ET.Element:
    names = ("xmin", "ymin", "xmax", "ymax")
    return node("extent", *(node(name, text=repr(float(edge))) for name, edge in zip(names, view, strict=True)))


def _default_view(project: Project) -> ET.Element:
    west, south, east, north = map(float, project.view)
    return node("DefaultViewExtent", _crs(project.crs), xmin=west, ymin=south, xmax=east, ymax=north)


def _properties(macro: str) -> ET.Element:
    paths = node("Paths", node("Absolute", text="false", type="bool"))
    crs = node("SpatialRefSys", node("ProjectionsEnabled", text="1", type="int"))
    macros = [node("Macros", node("pythonCode", text=macro, type="QString"))] if macro else []
    return node("properties", paths, crs, *macros)
