"""Rasters of labels: outlines along the cells, and cells that do not lie on the imagery's pixels."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import rasterize

from tests.training.inventories.entries import entry
from workflow_scripts.rogi.geodesy import area_m2
from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.raster import write_raster
from workflow_scripts.rogi.training.inventories.labels import label_polygons
from workflow_scripts.rogi.training.inventories.reading import read_inventory

UTM = CRS.from_epsg(32719)
PLACE = Affine(10, 0, 430_000, 0, -10, 6_860_000)
GRID = PixelGrid.of(UTM, PLACE)
LABELS = np.zeros((40, 50), np.uint8)
LABELS[5:15, 10:30] = 255
LABELS[20:25, 2:8], LABELS[22:24, 4:6] = 1, 0  # with a hole
LABELS[30:35, 40:45], LABELS[35:38, 45:48] = 1, 1  # touch at a corner alone
SHARED = Path(__file__).parents[4] / "shared" / "realdata"


def test_outlines_follow_the_cells(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", LABELS, UTM, PLACE)
    frame = label_polygons(str(tmp_path / "a.tif"), GRID)
    assert frame["value"].tolist() == [255, 1, 1, 1]
    assert frame.area.tolist() == [20_000.0, 2_600.0, 2_500.0, 900.0]
    assert frame.geometry.iloc[0].equals(shapely.box(430_100, 6_859_850, 430_300, 6_859_950))
    again = rasterize(frame.geometry, LABELS.shape, transform=PLACE)
    np.testing.assert_array_equal(again > 0, LABELS > 0)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int64", "float32", "float64"])
def test_missing_cells_are_no_rock_glacier(tmp_path: Path, kind: str) -> None:
    labels = LABELS.astype(kind)
    labels[LABELS == 255] = np.nan if kind.startswith("float") else 99
    more = {} if kind.startswith("float") else {"nodata": 99}
    write_raster(tmp_path / "a.tif", labels, UTM, PLACE, **more)
    assert label_polygons(str(tmp_path / "a.tif"), GRID).area.tolist() == [2_600.0, 2_500.0, 900.0]


def test_instances_that_touch_are_told_apart_by_their_number(tmp_path: Path) -> None:
    labels = np.repeat(np.array([[1, 1, 2, 2, 0]], np.int32), 3, axis=0)
    write_raster(tmp_path / "a.tif", labels, UTM, PLACE)
    stated = entry(tmp_path / "*.tif", "Masks", id_field="value")
    rows = read_inventory(stated, GRID)
    assert rows["original_id"].tolist() == ["1", "2"]
    assert rows["uid"].tolist() == ["masks-a_tif-0", "masks-a_tif-1"]
    assert area_m2(rows.geometry) == pytest.approx([600, 600], rel=2e-3)


def test_a_grid_cell_further_is_still_the_grid(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", LABELS, UTM, PLACE @ Affine.translation(-7, 13))
    assert len(label_polygons(str(tmp_path / "a.tif"), GRID)) == 4


@pytest.mark.parametrize(
    ("crs", "transform", "message"),
    [
        (UTM, PLACE @ Affine.translation(0.3, 0), r"a\.tif lies \+0\.30 pixels east and \+0\.00 pixels south of"),
        (UTM, PLACE @ Affine.translation(-0.25, 0.5), r"lies -0\.25 pixels east and [+-]0\.50 pixels south of"),
        (UTM, PLACE @ Affine.translation(0, 0.1), r"lies \+0\.00 pixels east and \+0\.10 pixels south of"),
        (UTM, PLACE @ Affine.scale(1.05), r"has cells of 10\.5 and the imagery pixels of 10 \(units of the CRS\)"),
        (CRS.from_epsg(32718), PLACE, r"a\.tif is in EPSG:32718 and the imagery in EPSG:32719"),
        (UTM, PLACE @ Affine.rotation(5), r"cannot be labels: the raster is not north-up"),
    ],
)
def test_labels_that_do_not_lie_on_the_imagery(tmp_path: Path, crs: CRS, transform: Affine, message: str) -> None:
    path = str(tmp_path / "a.tif")
    write_raster(path, LABELS, crs, transform)
    with pytest.raises(ValueError, match=rf"{message}.*gdalwarp -r near .* or give outlines instead"):
        label_polygons(path, GRID)


def test_without_imagery_nothing_is_misaligned(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", LABELS, UTM, PLACE @ Affine.translation(0.3, 0))
    assert len(read_inventory(entry(tmp_path / "a.tif"), None)) == 4


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data are not here (../shared/realdata)")
def test_a_real_mask_lies_on_its_image_and_gives_it_back() -> None:
    with rasterio.open(SHARED / "andes_huasco" / "area0_summer_rgb.tif") as image:
        grid = PixelGrid.of(image.crs, image.transform)
    with rasterio.open(SHARED / "andes_huasco" / "area0_mask.tif") as mask:
        values, transform = mask.read(1), mask.transform
    frame = label_polygons(str(SHARED / "andes_huasco" / "area0_mask.tif"), grid)
    assert frame.area.sum() == pytest.approx((values != 0).sum() * 100)
    np.testing.assert_array_equal(rasterize(frame.geometry, values.shape, transform=transform) > 0, values != 0)
