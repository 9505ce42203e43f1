"""Looks: what all mosaics together, each by itself, and single images show of the same ground."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import numpy as np
from rasterio.windows import Window

from workflow_scripts.rogi.imagery.grid import PixelGrid
from workflow_scripts.rogi.imagery.index import survey_quads, write_index
from workflow_scripts.rogi.imagery.mosaic import Imagery, Mosaic, Scene
from workflow_scripts.rogi.raster import RasterError

COMPOSITE = "composite"  # the look with the best imagery of every place


class Looks:
    """The composite of all mosaics, and whatever else is looked at beside it."""

    def __init__(
        self, imagery: Imagery, beside: Mapping[str, Mosaic], clear: Callable[[Scene], bool] = lambda scene: True
    ) -> None:
        """Take the composite, mosaics by the names of their looks, and what tells whether `read` is to show a look."""
        self.imagery, self.beside, self.clear = imagery, beside, clear

    def of(self, window: Window) -> Iterator[tuple[str, Scene]]:
        """Yield the names and scenes of a global window: the composite, and every look that has a pixel of it.

        Channels do not depend on the look, so they are read once.
        """
        composite = self.imagery.read(window)
        yield COMPOSITE, composite
        for name, mosaic in self.beside.items():
            if mosaic.locations(window):
                yield name, replace(mosaic.read(window), channels=composite.channels)
                if mosaic not in self.imagery.mosaics:
                    mosaic.close()  # there may be more images than a process may hold open

    def read(self, window: Window) -> Scene:
        """Return the composite of a global window, with the clear looks beside it that are not the same once more."""
        named = self.of(window)
        composite = next(named)[1]
        if not composite.valid.any():
            return composite
        others = [scene for _, scene in named]
        seen = [scene for scene in others if scene.valid.any() and self.clear(scene) and not _same(scene, composite)]
        damaged = [block for scene in (composite, *others) for block in scene.damaged]
        return replace(composite, beside=tuple(seen), damaged=tuple(damaged))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all quads."""
        self.imagery.__exit__(kind, error, trace)


def _same(one: Scene, other: Scene) -> bool:
    return np.array_equal(one.image, other.image) and np.array_equal(one.valid, other.valid)


def looks_beside(imagery: Imagery, indexes: Sequence[str], images: Sequence[str], each: bool) -> dict[str, Mosaic]:
    """Return the looks beside the composite.

    Args:
        imagery: The mosaics.
        indexes: Their tile indexes, after which they are named.
        images: Single images, one look each, named after their files; their paths where two share a name.
        each: Whether every mosaic is a look of its own; a single one would be the composite again.

    Raises:
        RasterError: An image cannot be used, or does not lie on the pixel grid of the imagery.
    """
    alone = dict(zip(map(_stem, indexes), imagery.mosaics, strict=True)) if each and len(indexes) > 1 else {}
    taken = Counter([COMPOSITE, *alone, *map(_stem, images)])
    names = [_stem(path) if taken[_stem(path)] == 1 else path for path in images]
    return alone | dict(zip(names, _opened(images, imagery), strict=True))


def _stem(path: str) -> str:
    return Path(path).stem


def _opened(images: Sequence[str], imagery: Imagery) -> list[Mosaic]:
    first = imagery.mosaics[0]
    opened, faults = [], []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index.gpkg"
        for image in images:
            index, wrong = survey_quads([image], first.bands, first.nodata, threads=1)
            if index is None:
                faults += wrong
            elif fault := _misfit(image, index.attrs["grid"], imagery.grid):
                faults.append(fault)
            else:
                write_index(path, index, first.bands)
                opened.append(Mosaic(path, first.bands, first.nodata, first.damaged))
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise RasterError(f"{len(faults)} of {len(images)} further looks cannot be used:\n{listed}")
    return opened


def _misfit(image: str, grid: PixelGrid, expected: PixelGrid) -> str | None:
    if grid.matches(expected):
        return None
    if grid.crs != expected.crs:
        differs = f"has {grid.crs.to_string()}, the imagery {expected.crs.to_string()}"
    elif grid.pixel != expected.pixel:
        differs = f"has pixels of {grid.pixel:g}, the imagery of {expected.pixel:g}"
    else:
        # The nearest way: a phase just below one pixel is a small offset to the other side.
        east, north = (
            (one - other + grid.pixel / 2) % grid.pixel / grid.pixel - 0.5
            for one, other in ((grid.phase_x, expected.phase_x), (grid.phase_y, expected.phase_y))
        )
        differs = f"lies {east:+.2f} px east and {north:+.2f} px north of the imagery's pixels"
    return f"{image} {differs}; warp it onto the imagery's grid (gdalwarp -t_srs -tr -tap)"
