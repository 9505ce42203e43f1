"""Where the landforms of the demo world lie: glaciers, debris-covered tongues, rock glaciers, avalanches and lakes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
import shapely.ops
from scipy import ndimage

from workflow_scripts.rogi.demo.frame import QUAD_PX, Frame
from workflow_scripts.rogi.demo.glaciers import grow_glaciers, lowest_points
from workflow_scripts.rogi.demo.noise import wave
from workflow_scripts.rogi.demo.relief import Relief
from workflow_scripts.rogi.demo.tongues import Flow, Tongue, largest, outline, trace

LEAST_M2 = 14_000  # of a rock glacier, on the ground; a margin above the 12 000 m² promised
CLEARANCE_M = 45.0  # between landforms that do not touch
EDGE_PX = 40  # between a landform and the edge of the imagery


@dataclass
class Landforms:
    """What lies in the frame; outlines in pixels, none overlapping another of its kind.

    Attributes:
        glaciers: Clean ice.
        debris_tongues: Debris-covered glacier tongues.
        rock_glaciers: The truth.
        avalanches: Deposits of rock avalanches.
        lakes: Lakes.
        coalescing: Pairs of positions in `rock_glaciers` that touch.
    """

    glaciers: list[shapely.Polygon] = field(default_factory=list)
    debris_tongues: list[Tongue] = field(default_factory=list)
    rock_glaciers: list[Tongue] = field(default_factory=list)
    avalanches: list[Tongue] = field(default_factory=list)
    lakes: list[shapely.Polygon] = field(default_factory=list)
    coalescing: list[tuple[int, int]] = field(default_factory=list)

    def summary(self) -> str:
        """Return how many there are of each kind, in words."""
        kinds = ("rock_glaciers", "debris_tongues", "avalanches", "lakes", "glaciers")
        return ", ".join(f"{len(getattr(self, kind))} {kind.replace('_', ' ')}" for kind in kinds)

    def outlines(self) -> list[shapely.Polygon]:
        """Return the outlines of everything."""
        tongues = [*self.debris_tongues, *self.rock_glaciers, *self.avalanches]
        return [*self.glaciers, *self.lakes, *(tongue.outline for tongue in tongues)]


class Placer:
    """Places landforms one after another where there is room."""

    def __init__(self, frame: Frame, relief: Relief, rng: np.random.Generator) -> None:
        """Prepare the flow fields of a relief."""
        self.frame, self.relief, self.rng = frame, relief, rng
        self.flow = Flow(relief.height, frame.cell_m, 2.5)
        wide = 2 * round(450 / frame.cell_m) + 1
        self.headwall = ndimage.maximum_filter(relief.height, wide) - relief.height
        self.field = shapely.box(EDGE_PX, EDGE_PX, frame.width - EDGE_PX, frame.height - EDGE_PX)
        self.placed = Landforms()

    def place(self, rock_glaciers: int) -> Landforms:
        """Place everything.

        Raises:
            ValueError: There is no room for as many rock glaciers.
        """
        self.placed.glaciers = grow_glaciers(self.frame, self.relief)
        self._debris_tongues()
        self._rock_glaciers(rock_glaciers)
        self._avalanches(max(2, rock_glaciers // 8))
        lakes, flat = max(3, rock_glaciers // 7), (self.relief.slope < 0.1) & (self.relief.to_valley < 160)
        self._lakes(lakes - lakes // 4, flat & (self.relief.basin < 0.1))
        self._lakes(lakes, flat & (self.relief.basin > 0.9) & (self.relief.discharge > 30))
        return self.placed

    def _debris_tongues(self) -> None:
        wanted = max(2, len(self.placed.glaciers) // 2)
        for row, column in lowest_points(self.placed.glaciers, self.frame, self.flow.height):
            if len(self.placed.debris_tongues) < wanted:
                tongue = self._tongue((row, column), self.rng.uniform(750, 1700), self.rng.uniform(85, 150), 0.03, 0.05)
                if tongue and tongue.length_m > 400:
                    tongue.outline = largest(tongue.outline.difference(shapely.union_all(self.placed.glaciers)))
                    others = [other.outline for other in self.placed.debris_tongues]
                    if tongue.outline.area > 900 and self._is_free(tongue.outline, others, 40):
                        self.placed.debris_tongues.append(tongue)

    def _rock_glaciers(self, wanted: int) -> None:
        pairs = max(1, wanted // 14)
        for seam in seams(self.frame):
            self._fill(len(self.placed.rock_glaciers) + 2, wanted, 0, self._starts(near=seam), crosses(seam))
        self._fill(wanted, wanted, pairs, self._starts())
        if len(self.placed.rock_glaciers) < wanted:
            raise ValueError(
                f"only {len(self.placed.rock_glaciers)} of {wanted} rock glaciers fit into "
                f"{self.frame.quads_x} x {self.frame.quads_y} quads; ask for fewer or for more quads"
            )

    def _fill(
        self, until: int, wanted: int, pairs: int, starts: Iterator[tuple[float, float]],
        accepts: Callable[[shapely.Polygon], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        """Add rock glaciers at the given starts until there are enough."""
        for start in starts:
            if len(self.placed.rock_glaciers) >= min(until, wanted):
                return
            length = float(np.clip(np.exp(self.rng.normal(np.log(1000), 0.34)), 420, 1480))
            half_width = float(np.clip(length * self.rng.uniform(0.12, 0.21), 78, 200))
            tongue = self._tongue(start, length, half_width, 0.04, 0.16)
            if tongue and accepts(tongue.outline) and self._fits(tongue):
                self.placed.rock_glaciers.append(tongue)
                if len(self.placed.coalescing) < pairs and len(self.placed.rock_glaciers) < wanted:
                    self._sibling(tongue, start)

    def _sibling(self, tongue: Tongue, start: tuple[float, float]) -> None:
        """Let a second rock glacier flow beside a first and press against it."""
        ahead = np.subtract(tongue.line[5], tongue.line[0])
        aside = np.array([ahead[0], -ahead[1]]) / np.hypot(*ahead)  # rows, columns of the normal
        position = len(self.placed.rock_glaciers) - 1
        for offset in self.rng.permutation([-1.9, -1.6, 1.6, 1.9]):
            place = np.add(start, aside * offset * tongue.half_width_m / self.frame.cell_m)
            size = self.rng.uniform(0.75, 1.1)
            other = self._tongue((place[0], place[1]), tongue.length_m * size, tongue.half_width_m * size, 0.05, 0.16)
            if other and 0.02 < other.outline.intersection(tongue.outline).area / other.outline.area < 0.25:
                other.outline = largest(other.outline.difference(tongue.outline))
                if self._fits(other, but=position):
                    self.placed.coalescing.append((position, len(self.placed.rock_glaciers)))
                    self.placed.rock_glaciers.append(other)
                    return

    def _fits(self, tongue: Tongue, but: int | None = None) -> bool:
        least = LEAST_M2 / self.frame.pixel_m**2
        others = self.placed.outlines()
        if but is not None:
            others.remove(self.placed.rock_glaciers[but].outline)
        whole = tongue.outline.is_valid and tongue.outline.area > least and tongue.length_m >= 300
        return whole and self._is_free(tongue.outline, others, CLEARANCE_M)

    def _is_free(self, shape: shapely.Polygon, others: list[shapely.Polygon], clearance_m: float) -> bool:
        if shape.is_empty or not self.field.contains(shape):
            return False
        return not others or shapely.distance(np.array(others), shape).min() > clearance_m / self.frame.pixel_m

    def _tongue(
        self, start: tuple[float, float], length_m: float, half_width_m: float, least_slope: float, widening: float
    ) -> Tongue | None:
        """Trace a tongue from a start on the coarse grid; None when the ground is too flat for it."""
        path = trace(self.flow, start, length_m, least_slope, self.frame.cell_m)
        if len(path) < 28:
            return None
        cell = self.frame.pixel_m / self.frame.cell_m
        line = (path + 0.5 - np.array(self.frame.margins))[:, ::-1] / cell
        half_width_m = min(half_width_m, 0.3 * (len(line) - 1) * 10)
        shape = outline(line, half_width_m, self.frame.pixel_m, self.rng.uniform(0, 2) * widening, self.rng)
        return Tongue(line, shape, half_width_m)

    def _starts(self, near: shapely.LineString | None = None) -> Iterator[tuple[float, float]]:
        """Give places below headwalls, in random order."""
        r = self.relief
        good = (r.slope > 0.2) & (r.slope < 0.6) & (self.headwall > 170) & (r.basin < 0.05)
        good &= (r.height > 4780) & (r.to_valley > 160) & (r.to_valley < 900)
        rows, columns = np.nonzero(good & self._in_image(near))
        for pick in self.rng.permutation(len(rows))[:6000]:
            yield float(rows[pick]), float(columns[pick])

    def _in_image(self, near: shapely.LineString | None = None) -> np.ndarray:
        """Coarse cells inside the imagery and, if a line is given, within 600 m of it."""
        y, x = self.frame.coarse_pixels(0)[:, None], self.frame.coarse_pixels(1)[None, :]
        inside = (y > EDGE_PX) & (y < self.frame.height - EDGE_PX) & (x > EDGE_PX) & (x < self.frame.width - EDGE_PX)
        if near is not None:
            reach = 600 / self.frame.pixel_m
            west, north, east, south = near.buffer(reach).bounds
            inside &= (x > west) & (x < east) & (y > north) & (y < south)
        return inside

    def _avalanches(self, wanted: int) -> None:
        for start in self._starts():
            if len(self.placed.avalanches) >= wanted:
                return
            tongue = self._tongue(start, self.rng.uniform(450, 1100), self.rng.uniform(110, 210), 0.05, 0.3)
            if tongue and tongue.length_m > 350 and self._is_free(tongue.outline, self.placed.outlines(), CLEARANCE_M):
                self.placed.avalanches.append(tongue)

    def _lakes(self, until: int, good: np.ndarray) -> None:
        """Add lakes on the given cells until there are enough."""
        rows, columns = np.nonzero(good & self._in_image())
        for pick in self.rng.permutation(len(rows)):
            if len(self.placed.lakes) >= until:
                return
            column = (columns[pick] + 0.5 - self.frame.margins[1]) * self.frame.cell_m / self.frame.pixel_m
            row = (rows[pick] + 0.5 - self.frame.margins[0]) * self.frame.cell_m / self.frame.pixel_m
            lake = blob(column, row, self.rng.uniform(55, 190) / self.frame.pixel_m, self.rng)
            if self._is_free(lake, self.placed.outlines(), 25):
                self.placed.lakes.append(lake)


def blob(column: float, row: float, radius: float, rng: np.random.Generator) -> shapely.Polygon:
    """Return a rounded, uneven shape around a place, all in pixels."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    uneven = wave(72, 10, rng) * np.hanning(74)[1:-1]  # closes where it began
    stretch, turn = rng.uniform(0.55, 1), rng.uniform(0, np.pi)
    x, y = np.cos(angle) * radius * (1 + 0.3 * uneven), stretch * np.sin(angle) * radius * (1 + 0.3 * uneven)
    ring = np.stack([column + x * np.cos(turn) - y * np.sin(turn), row + x * np.sin(turn) + y * np.cos(turn)], 1)
    return largest(shapely.Polygon(ring).buffer(0))


def seams(frame: Frame) -> list[shapely.LineString]:
    """Return the lines where quads meet, in pixels."""
    upright = [shapely.LineString([(k * QUAD_PX, 0), (k * QUAD_PX, frame.height)]) for k in range(1, frame.quads_x)]
    level = [shapely.LineString([(0, k * QUAD_PX), (frame.width, k * QUAD_PX)]) for k in range(1, frame.quads_y)]
    return upright + level


def crosses(line: shapely.LineString) -> Callable[[shapely.Polygon], bool]:
    """Return a test whether a line leaves at least a fifth of a polygon on either side."""

    def test(shape: shapely.Polygon) -> bool:
        parts = shapely.get_parts(shapely.ops.split(shape, line))
        return len(parts) > 1 and min(part.area for part in parts) > 0.2 * shape.area

    return test
