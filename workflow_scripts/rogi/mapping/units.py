"""Units of a system: rock glaciers that touch are told apart where their common outline narrows along the flow.

A watershed on probability times distance to the edge. Two tongues side by side share a border along the flow that is
long, but shorter than they are themselves, so distances along the flow are compressed: then the pair has a neck. A
narrowing across the flow, where one body lies above another on the same flow line, is none.
"""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

ACROSS = 0.6  # of a border, from which on the flow passes it rather than runs along it; chosen on the demo
TINY = 1e-9
EIGHT = np.ones((3, 3))


def split(
    inside: np.ndarray,
    probability: np.ndarray,
    flow: np.ndarray,
    max_neck: float,
    compression: float,
    least_px: float,
) -> np.ndarray:
    """Return the units of one system.

    Args:
        inside: Its pixels, boolean of shape (height, width); False on the array's rim.
        probability: 0 to 1, same shape.
        flow: Downslope unit vectors, columns and rows, shape (2, height, width); 0 where unknown.
        max_neck: Width of a neck, over that of the narrower of both bodies, up to which it is a border; below 1.
        compression: How many times shorter a distance counts along the flow than across.
        least_px: Smaller units are joined with a neighbour.

    Returns:
        Numbers of the units, from 1 in the order of rows and columns; 0 outside.
    """
    surface = edge_distance(inside, flow, compression) * np.where(inside, probability, 0)
    height = np.log(np.maximum(surface, TINY))
    # What still stands out when all is lowered by the depth of a neck (the h-maxima) is a body of its own.
    bodies = local_maxima(reconstruction(height + np.log(max_neck), height)) & inside
    markers, _ = ndimage.label(bodies, EIGHT)
    basins = watershed(-surface, markers, mask=inside, connectivity=EIGHT)
    units = Basins.of(basins, surface, flow)
    units.unite(least_px)
    return _renumbered(units.unit_of[basins])


def edge_distance(inside: np.ndarray, flow: np.ndarray, compression: float) -> np.ndarray:
    """Return the distance of every pixel to the nearest one outside, steps along the mean flow counting less.

    Args:
        inside: Boolean of shape (height, width); False on the array's rim.
        flow: Unit vectors of shape (2, height, width), columns and rows; 0 where unknown.
        compression: How many times shorter a distance along the flow counts, if all of it has one direction. The less
            it agrees (the resultant length), the less it counts.

    Returns:
        Pixels, 0 outside.
    """
    along = flow[:, inside].mean(axis=1)
    squeeze = np.eye(2) - (1 - 1 / compression) * np.outer(along, along) / max(np.hypot(*along), TINY)
    rim = np.argwhere(ndimage.binary_dilation(inside) & ~inside)[:, ::-1]
    distance = np.zeros(inside.shape)
    distance[inside] = cKDTree(rim @ squeeze).query(np.argwhere(inside)[:, ::-1] @ squeeze)[0]
    return distance


def _renumbered(labels: np.ndarray) -> np.ndarray:
    """Number labels anew, in the order in which rows and columns meet them; 0 stays."""
    names, first = np.unique(labels[labels > 0], return_index=True)
    number = np.zeros(labels.max() + 1, np.int32)
    number[names[np.argsort(first)]] = np.arange(1, len(names) + 1)
    return number[labels]


@dataclass
class Border:
    """What two units share: the greatest value on it, its net normal and the net flow through it, in pixels."""

    saddle: float = 0.0
    normal: np.ndarray = field(default_factory=lambda: np.zeros(2))
    flux: float = 0.0

    def add(self, other: "Border", sign: int) -> None:
        """Take in another stretch; `sign` is -1 where that one is seen from the other side."""
        self.saddle = max(self.saddle, other.saddle)
        self.normal = self.normal + sign * other.normal
        self.flux += sign * other.flux

    @property
    def is_across(self) -> bool:
        """Whether one side lies above the other on the same flow lines."""
        return abs(self.flux) > ACROSS * float(np.hypot(*self.normal))


@dataclass
class Basins:
    """Basins of a watershed, which unite to units.

    Attributes:
        unit_of: Unit of each basin; array of shape (basins + 1,), first that of the ground outside.
        peak: Greatest value of each unit, same shape.
        area: Pixels of each unit, same shape.
        borders: By pairs of units, the smaller number first; normals point to the second.
        beside: Units that each unit has a border with.
    """

    unit_of: np.ndarray
    peak: np.ndarray
    area: np.ndarray
    borders: dict[tuple[int, int], Border]
    beside: dict[int, set[int]]

    @classmethod
    def of(cls, basins: np.ndarray, surface: np.ndarray, flow: np.ndarray) -> "Basins":
        """Measure basins (0 outside) on a surface with a flow over it."""
        numbers = np.arange(basins.max() + 1)
        peak = ndimage.maximum(surface, basins, numbers)
        borders = _borders(basins, surface, flow)
        beside: dict[int, set[int]] = {int(number): set() for number in numbers}
        for one, other in borders:
            beside[one].add(other)
            beside[other].add(one)
        return cls(numbers, peak, np.bincount(basins.ravel()), borders, beside)

    def unite(self, least_px: float) -> None:
        """Unite units with a border across the flow or that are too small, those with the widest border first."""
        loose = [(-self._width(pair), *pair) for pair in self.borders if not self._is_border(pair, least_px)]
        heapify(loose)
        while loose:
            width, kept, gone = heappop(loose)
            pair = kept, gone
            if pair not in self.borders or -width != self._width(pair) or self._is_border(pair, least_px):
                continue  # an older state of the pair
            for changed in self._join(kept, gone):
                if not self._is_border(changed, least_px):
                    heappush(loose, (-self._width(changed), *changed))
        for basin in range(len(self.unit_of)):
            self.unit_of[basin] = self.unit_of[self.unit_of[basin]]  # no unit is above its basins

    def _is_border(self, pair: tuple[int, int], least_px: float) -> bool:
        one, other = pair
        return bool(min(self.area[one], self.area[other]) >= least_px) and not self.borders[pair].is_across

    def _width(self, pair: tuple[int, int]) -> float:
        one, other = pair
        return float(self.borders[pair].saddle / max(min(self.peak[one], self.peak[other]), TINY))

    def _join(self, kept: int, gone: int) -> list[tuple[int, int]]:
        """Unite two units, the smaller number first, and return all pairs of what they have become."""
        self.unit_of[gone] = kept
        self.peak[kept] = max(self.peak[kept], self.peak[gone])
        self.area[kept] += self.area[gone]
        del self.borders[kept, gone]
        self.beside[kept].discard(gone)
        for other in self.beside.pop(gone) - {kept}:
            border = self.borders.pop((min(gone, other), max(gone, other)))
            pair = min(kept, other), max(kept, other)
            sign = 1 if (gone < other) == (kept < other) else -1
            self.borders.setdefault(pair, Border()).add(border, sign)
            self.beside[other].discard(gone)
            self.beside[other].add(kept)
            self.beside[kept].add(other)
        return [(min(kept, other), max(kept, other)) for other in self.beside[kept]]


def _borders(basins: np.ndarray, surface: np.ndarray, flow: np.ndarray) -> dict[tuple[int, int], Border]:
    """Return the borders between basins, from all pairs of pixels that touch; corners have neither length nor flow."""
    borders: dict[tuple[int, int], Border] = {}
    for rows, columns in ((0, 1), (1, 0), (1, 1), (1, -1)):
        near, far = _pairs(basins, rows, columns)
        met = (near != far) & (near > 0) & (far > 0)
        saddles = np.minimum(*_pairs(surface, rows, columns))[met]
        step = np.array([columns, rows]) * float(rows + columns == 1)
        passing = sum(
            part * np.mean(_pairs(of, rows, columns), axis=0)[met] for part, of in zip(step, flow, strict=True)
        )
        for one, other, saddle, through in zip(near[met], far[met], saddles, passing, strict=True):
            pair = int(min(one, other)), int(max(one, other))
            borders.setdefault(pair, Border()).add(Border(saddle, step, through), 1 if one < other else -1)
    return borders


def _pairs(array: np.ndarray, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that have another one some rows below and some columns beside them, and those others."""
    height, width = array.shape
    near = array[: height - rows, max(0, -columns) : width - max(0, columns)]
    return near, array[rows:, max(0, columns) : width + min(0, columns)]
