"""The clouds of the third quarter and their shadows."""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.rogi.demo.frame import Frame
from workflow_scripts.rogi.demo.landforms import Landforms
from workflow_scripts.rogi.demo.noise import band, smoothstep
from workflow_scripts.rogi.demo.resample import upsample

CLOUD_CELL_PX = 16
HEIGHT_M = 900.0  # of a cloud above the ground


@dataclass
class Clouds:
    """Opacity of the clouds (0 to 1) on cells of 16 px, and how far their shadows lie from them, in pixels."""

    opacity: np.ndarray
    shadow_rows: float
    shadow_columns: float

    def over(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return opacity and depth of shadow (0 to 1) over pixel rows and columns."""
        return self._at(rows, columns), self._at(rows - self.shadow_rows, columns - self.shadow_columns)

    def _at(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        place = [(pixels + 0.5) / CLOUD_CELL_PX - 0.5 for pixels in (rows, columns)]
        return upsample(self.opacity, place[0], place[1], smooth=False)


def make_clouds(
    frame: Frame, landforms: Landforms, azimuth_deg: float, elevation_deg: float, rng: np.random.Generator
) -> Clouds:
    """Put clouds over a few rock glaciers and over open ground.

    Args:
        frame: Where.
        landforms: What lies there.
        azimuth_deg: Direction of the sun from north.
        elevation_deg: Height of the sun.
        rng: Source of randomness.
    """
    shape = (frame.height // CLOUD_CELL_PX, frame.width // CLOUD_CELL_PX)
    y, x = (np.arange(shape[0])[:, None] + 0.5) * CLOUD_CELL_PX, (np.arange(shape[1])[None, :] + 0.5) * CLOUD_CELL_PX
    uneven, fine = band(shape, 24, rng, 0.7), band(shape, 7, rng, 0.6)
    opacity = np.zeros(shape, dtype=np.float32)
    for column, row, radius in _centres(frame, landforms, rng):
        far = np.hypot((x - column) * 0.85, y - row) / radius
        opacity = np.maximum(opacity, smoothstep(1 - far + 0.15 * uneven + 0.07 * fine, 0.0, 0.34))
    away = HEIGHT_M / np.tan(np.radians(elevation_deg)) / frame.pixel_m
    azimuth = np.radians(azimuth_deg)
    return Clouds(opacity, away * float(np.cos(azimuth)), -away * float(np.sin(azimuth)))


def _centres(frame: Frame, landforms: Landforms, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Column, row and radius in pixels of each cloud."""
    quads = frame.quads_x * frame.quads_y
    covered = rng.permutation(len(landforms.rock_glaciers))[: 2 * quads]
    over = [landforms.rock_glaciers[k].outline.centroid for k in covered]
    clouds = [(point.x, point.y, rng.uniform(150, 300)) for point in over]
    for _ in range(quads):
        clouds.append((rng.uniform(0, frame.width), rng.uniform(0, frame.height), rng.uniform(100, 260)))
    return clouds
