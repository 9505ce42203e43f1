"""Random textures from a seeded generator: periodic, so that they have no seams, and of a stated wavelength."""

import numpy as np
from scipy import ndimage


def band(shape: tuple[int, int], wavelength: float, rng: np.random.Generator, spread: float = 0.5) -> np.ndarray:
    """Return periodic noise whose wavelengths gather around one.

    Args:
        shape: Rows and columns.
        wavelength: In cells.
        rng: Source of randomness.
        spread: Width of the band, as a standard deviation of the natural logarithm of the wavelength.

    Returns:
        float32 array with mean 0 and standard deviation 1.
    """
    frequency = _frequencies(shape)
    weight = np.exp(-(np.log(np.maximum(frequency, 1e-9) * wavelength) ** 2) / (2 * spread**2)) / frequency.clip(1e-9)
    return _shaped(shape, weight, rng)


def fractal(shape: tuple[int, int], longest: float, rng: np.random.Generator, roughness: float = 1.0) -> np.ndarray:
    """Return periodic noise with a power law, flat above the longest wavelength (in cells); mean 0, deviation 1.

    Amplitudes fall as frequency to the power -(1 + roughness): 1 looks like mountain relief, 0.5 like gravel.
    """
    frequency = _frequencies(shape)
    return _shaped(shape, (frequency + 1 / longest) ** -(1 + roughness), rng)


def _frequencies(shape: tuple[int, int]) -> np.ndarray:
    return np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])


def _shaped(shape: tuple[int, int], weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    weight[0, 0] = 0
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * weight, s=shape)
    return (field / field.std()).astype(np.float32)


def ridged(field: np.ndarray) -> np.ndarray:
    """Return noise with sharp crests from smooth noise: 1 on the crests (where the noise is 0), falling below 0."""
    return 1 - 1.6 * np.abs(field)


def wrapped(tile: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return a periodic tile repeated over the given rows and columns, counted from anywhere."""
    return tile[np.ix_(rows % tile.shape[0], columns % tile.shape[1])]


def wave(count: int, wavelength: float, rng: np.random.Generator) -> np.ndarray:
    """Return `count` steps of smooth one-dimensional noise, mean near 0 and deviation 1; for margins and borders."""
    steps = ndimage.gaussian_filter1d(rng.standard_normal(count + int(8 * wavelength)), wavelength / 3)
    return (steps / max(steps.std(), 1e-9))[int(4 * wavelength) :][:count]


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below `low`, 1 above `high` and a smooth rise between (either may be the larger)."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
