"""The periodic noise tiles that every fine texture is put together from; they repeat over the pixels of the world."""

from dataclasses import dataclass

import numpy as np

from workflow_scripts.rogi.demo.noise import band, fractal, wrapped


@dataclass(frozen=True)
class Textures:
    """Noise tiles in pixels, mean 0 and deviation 1, of different periods so that their sum does not repeat visibly.

    Attributes:
        grain: Stones, from pixel to pixel.
        blocks: Blocky debris, about 14 m.
        hummocks: Chaotic mounds, about 75 m.
        ribs: Ribs and gullies in rock walls, about 110 m.
        mottle: Patches of soil and lithology, up to 2 km.
    """

    grain: np.ndarray
    blocks: np.ndarray
    hummocks: np.ndarray
    ribs: np.ndarray
    mottle: np.ndarray

    @classmethod
    def make(cls, pixel_m: float, rng: np.random.Generator) -> "Textures":
        """Make the tiles for a true pixel size."""
        return cls(
            grain=fractal((1080, 1080), 6, rng, 0.2),
            blocks=band((1200, 1200), 14 / pixel_m, rng, 0.45),
            hummocks=band((1440, 1440), 75 / pixel_m, rng, 0.45),
            ribs=band((1500, 1500), 110 / pixel_m, rng, 0.6),
            mottle=fractal((1600, 1600), 2000 / pixel_m, rng, 0.7),
        )

    def cut(self, name: str, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return one texture over the given pixel rows and columns."""
        return wrapped(getattr(self, name), rows, columns)
