import numpy as np
import pytest

from workflow_scripts.rogi.demo.noise import band, fractal, ridged, smoothstep, wave, wrapped


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_noise_is_normalised_and_follows_the_seed() -> None:
    for make in (lambda g: band((90, 120), 12, g), lambda g: fractal((90, 120), 40, g)):
        field = make(rng())
        assert field.mean() == pytest.approx(0, abs=1e-5)
        assert field.std() == pytest.approx(1, abs=1e-5)
        np.testing.assert_array_equal(field, make(rng()))
        assert not np.array_equal(field, make(np.random.default_rng(6)))


@pytest.mark.parametrize("wavelength", [8, 20])
def test_band_noise_has_its_wavelength(wavelength: float) -> None:
    power = np.abs(np.fft.rfft2(band((256, 256), wavelength, rng(), 0.1))) ** 2
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])
    assert (power * frequency).sum() / power.sum() == pytest.approx(1 / wavelength, rel=0.1)


def test_tiles_repeat_without_a_seam() -> None:
    tile = band((64, 48), 16, rng())
    rows, columns = np.arange(-70, 150), np.arange(1000, 1100)
    field = wrapped(tile, rows, columns)
    assert field[0, 0] == tile[-70 % 64, 1000 % 48]
    steps = np.abs(np.diff(field, axis=0)).max(axis=1)
    seam = steps[(rows[:-1] % 64) == 63]
    assert seam.max() <= np.abs(np.diff(tile, axis=0)).max() * 1.2


def test_ridges_are_sharp_crests() -> None:
    np.testing.assert_allclose(ridged(np.array([-1.0, 0.0, 0.5])), [-0.6, 1, 0.2])


def test_smoothstep_rises_or_falls() -> None:
    np.testing.assert_allclose(smoothstep(np.array([-1.0, 0, 1, 2, 5]), 0, 2), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(np.array([0.0, 1, 2]), 2, 0), [1, 0.5, 0])


def test_waves_are_smooth_and_of_the_length_asked_for() -> None:
    steps = wave(300, 30, rng())
    assert steps.shape == (300,)
    assert np.abs(np.diff(steps)).max() < 0.4
    assert 0.3 < steps.std() < 2
