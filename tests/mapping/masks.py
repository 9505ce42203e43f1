"""Masks, their cuts into tiles, and their outlines by another hand."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely
from affine import Affine
from hypothesis import strategies as st
from rasterio.features import shapes

from workflow_scripts.rogi.mapping.outlines import polygons
from workflow_scripts.rogi.mapping.tracer import FEW, Tracer

PIXELS = Affine.identity()  # x is the column and y the row of a lattice point
Tiles = Iterator[tuple[int, int, np.ndarray]]


def drawn(*rows: str) -> np.ndarray:
    """Return a mask from rows of text: `#` is object."""
    return np.array([[letter == "#" for letter in row] for row in rows])


@st.composite
def masks(draw: st.DrawFn, most: int = 24) -> np.ndarray:
    """Noise of any density, which has all kinds of corners, rings in rings and touching pixels."""
    shape = draw(st.tuples(st.integers(1, most), st.integers(1, most)))
    share = draw(st.sampled_from([0.03, 0.2, 0.4, 0.5, 0.6, 0.8, 0.97]))
    return np.random.default_rng(draw(st.integers(0, 2**32))).random(shape) < share


def cut(mask: np.ndarray, rows: list[int], columns: list[int]) -> Tiles:
    """Cut a mask at some rows and columns; those outside are no cuts."""
    height, width = mask.shape
    for top, bottom in pairwise(sorted({0, height} | {row for row in rows if row < height})):
        for left, right in pairwise(sorted({0, width} | {column for column in columns if column < width})):
            yield top, left, mask[top:bottom, left:right]


def tiled(mask: np.ndarray, height: int, width: int) -> Tiles:
    return cut(mask, list(range(0, len(mask), height)), list(range(0, mask.shape[1], width)))


def traced(
    mask: np.ndarray, connectivity: int, tiles: Tiles | None = None, few: int = FEW, min_area_px: float = 0
) -> np.ndarray:
    """Return the outlines of a mask in pixels, in order, by our own tracer."""
    batches = Tracer(mask.shape[1], connectivity, few).trace(tiles or cut(mask, [], []))
    keys, found = zip(*(polygons(rings, PIXELS, min_area_px) for rings in batches), strict=True)
    shape: np.ndarray = np.concatenate(found)[np.argsort(np.concatenate(keys))]
    return shape


def by_gdal(mask: np.ndarray, connectivity: int) -> np.ndarray:
    """Return the same by GDAL, in any order and with any ring first."""
    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=connectivity)
    return shapely.make_valid(np.array([shapely.geometry.shape(shape) for shape, _ in found], dtype=object))


def assert_same_objects(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that both hold the same point sets, one to one."""
    one, other = shapely.STRtree(theirs).query(ours, "covers")
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if shapely.equals(ours[a], theirs[b])]
    assert len(pairs) == len(ours) == len(theirs)
    assert len({b for _, b in pairs}) == len(theirs)
