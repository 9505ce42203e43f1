"""Planet Basemaps quads of the demo world, in the third quarter (with clouds) and the fourth (with more snow)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from workflow_scripts.rogi.demo.frame import QUAD_PX, WEB_MERCATOR, Frame, quad_of
from workflow_scripts.rogi.demo.noise import smoothstep
from workflow_scripts.rogi.demo.scene import Scene
from workflow_scripts.rogi.demo.stamps import mix
from workflow_scripts.rogi.demo.surface import View, view
from workflow_scripts.rogi.progress import progress
from workflow_scripts.rogi.raster import geotiff_profile, writing_raster

STRIP_PX = 256
SNOWLINES_M = {"q3": 5790.0, "q4": 5690.0}  # on gentle slopes
CASTS = {"q3": np.array([1.0, 1.0, 1.0]), "q4": np.array([1.03, 0.985, 0.95])}  # colour balance
SNOW = np.array([200, 210, 220], dtype=np.float32)
CLOUD = np.array([238, 239, 241], dtype=np.float32)
KNEE, HEADROOM = 160.0, 48.0  # brightness is compressed from 160 to at most 208 DN: clouds alone are brighter


def write_quads(scene: Scene, quads_q3: list[str], quads_q4: list[str], threads: int) -> None:
    """Write the quads of both quarters.

    Args:
        scene: The demo world.
        quads_q3: Targets of the third quarter, named like Planet's quads.
        quads_q4: The same quads of the fourth quarter, in any order.
        threads: How many strips are made at a time.

    Raises:
        ValueError: A quad is asked for in one quarter alone.
    """
    later = {quad_of(path): path for path in quads_q4}
    if sorted(later) != sorted(map(quad_of, quads_q3)):
        raise ValueError(f"the quads of the two quarters differ: {len(quads_q3)} and {len(quads_q4)} were asked for")
    size = QUAD_PX
    with progress("demo imagery", 2 * len(quads_q3) * size**2 / 1e6, "Mpx") as bar:
        for path in quads_q3:
            quad = quad_of(path)
            row, column = scene.frame.quad_offset(*quad)
            with ExitStack() as stack:
                targets = [
                    stack.enter_context(writing_raster(target, _profile(scene.frame, row, column)))
                    for target in (path, later[quad])
                ]
                for target in targets:
                    target.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
                for strip, bands in _strips(scene, row, column, threads):
                    for target, values in zip(targets, bands, strict=True):
                        target.write(values, window=Window(0, strip, size, values.shape[1]))
                    bar.advance(2 * size * bands[0].shape[1] / 1e6, Path(path).name)


def _profile(frame: Frame, row: int, column: int) -> dict[str, object]:
    transform = frame.transform @ frame.transform.translation(column, row)
    size = QUAD_PX
    options = {"interleave": "pixel", "photometric": "RGB", "alpha": "non-premultiplied", "zlevel": 1, "predictor": 2}
    small = {"blockxsize": 256, "blockysize": 256}
    return geotiff_profile("uint8", WEB_MERCATOR.to_wkt(), transform, size, size, count=4, **options, **small)


def _strips(scene: Scene, row: int, column: int, threads: int) -> Iterator[tuple[int, list[np.ndarray]]]:
    size = QUAD_PX
    starts = range(0, size, STRIP_PX)

    def make(start: int) -> list[np.ndarray]:
        return pictures(scene, row + start, column, (min(STRIP_PX, size - start), size))

    with ThreadPoolExecutor(threads) as pool:
        for ahead in range(0, len(starts), threads):
            part = starts[ahead : ahead + threads]
            yield from zip(part, pool.map(make, part), strict=True)


def pictures(scene: Scene, row: int, column: int, size: tuple[int, int]) -> list[np.ndarray]:
    """Return a window in the third and in the fourth quarter, uint8 arrays of shape (4, rows, columns)."""
    ground = view(scene, row, column, size)
    rows, columns = np.arange(row, row + size[0]), np.arange(column, column + size[1])
    clouds, shadows = scene.clouds.over(rows, columns)
    third = _quarter(ground, "q3")
    white = CLOUD[:, None, None] * (1 + 0.006 * scene.textures.cut("mottle", rows, columns))
    third = mix(third * (1 - 0.91 * shadows), white, clouds)
    # The north-east corner was never imaged.
    valid = rows[:, None] - columns[None, :] + scene.frame.width > scene.notch_px
    return [_with_alpha(third, valid), _with_alpha(_quarter(ground, "q4"), valid)]


def _quarter(ground: View, quarter: str) -> np.ndarray:
    snow = smoothstep(ground.cold, SNOWLINES_M[quarter] - 15, SNOWLINES_M[quarter] + 25)
    lit = mix(ground.colour, SNOW, snow) * ground.light
    dn = lit * CASTS[quarter][:, None, None].astype(np.float32)
    return np.maximum(np.where(dn > KNEE, KNEE + HEADROOM * np.tanh((dn - KNEE) / 75), dn), 30)


def _with_alpha(dn: np.ndarray, valid: np.ndarray) -> np.ndarray:
    bands = np.empty((4, *valid.shape), dtype=np.uint8)
    bands[:3] = np.where(valid, np.clip(np.rint(dn), 1, 255), 0)
    bands[3] = valid * np.uint8(255)
    return bands
