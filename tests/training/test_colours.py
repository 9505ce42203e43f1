"""Colours change by what was drawn, pixels without data by nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from workflow_scripts.rogi.training.colours import Tint, tinted

SIDE = 20


def scene(count: int = 3, least: int = 60, most: int = 120) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    image = torch.randint(least, most, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    valid = torch.rand((count, SIDE, SIDE), generator=generator) < 0.8
    return image * valid.unsqueeze(1), valid


def still(count: int = 3) -> Tint:
    one = torch.ones(count)
    return Tint(one, one, torch.ones(count, 3), torch.zeros(count), torch.zeros(count, 1, 1, 1))


def test_nothing_drawn_changes_nothing() -> None:
    image, valid = scene(least=0, most=255)
    assert torch.equal(tinted(image, valid, still()), image)


def test_gain_is_a_factor_per_band_up_to_white() -> None:
    image, valid = scene()
    gain = torch.tensor([[1.5, 1.0, 0.5]]).repeat(3, 1)
    expected = (image * gain[:, :, None, None]).round()
    assert torch.equal(tinted(image, valid, replace(still(), gain=gain)), expected.byte())
    white = tinted(image, valid, replace(still(), gain=torch.full((3, 3), 5.0)))
    assert (white.movedim(1, -1)[valid] == 255).all()


def test_gamma_is_a_power() -> None:
    image, valid = scene()
    expected = (255 * (image.double() / 255) ** 1.2).round()
    assert torch.equal(tinted(image, valid, replace(still(), gamma=torch.full((3,), 1.2))), expected.byte())


def test_contrast_is_about_the_mean_of_the_valid_pixels() -> None:
    image, valid = scene()
    after = tinted(image, valid, replace(still(), contrast=torch.tensor([1.4, 1.0, 0.6])))
    for number, factor in enumerate((1.4, 1.0, 0.6)):
        before = image[number][:, valid[number]].double()
        expected = (before - before.mean()) * factor + before.mean()
        assert (after[number][:, valid[number]] - expected).abs().max() < 0.51


@pytest.mark.parametrize("sigma", [0.6, 2.0])
def test_blur_is_a_gaussian_of_the_valid_pixels(sigma: float) -> None:
    image, valid = scene()
    after = tinted(image, valid, replace(still(), blur_px=torch.tensor([0.0, sigma, 3.0])))
    assert torch.equal(after[0], image[0])
    reach = {"radius": 9, "mode": "nearest"}
    for band in range(3):
        total, known = (
            ndimage.gaussian_filter(part.numpy().astype(float), sigma, **reach) for part in (image[1, band], valid[1])
        )
        inside = valid[1].numpy()
        assert np.abs(after[1, band].numpy()[inside] - (total / known)[inside]).max() < 0.6


def test_noise_is_added_where_there_is_data() -> None:
    image, valid = scene()
    noise = torch.full((3, 3, SIDE, SIDE), 7.0)
    after = tinted(image, valid, replace(still(), noise_dn=noise))
    assert torch.equal(after, (image + 7) * valid.unsqueeze(1))


def test_pixels_without_data_stay_empty_and_spread_nowhere() -> None:
    image, valid = scene()
    one = torch.ones(3)
    every = Tint(0.9 * one, 1.2 * one, torch.full((3, 3), 1.1), one, torch.ones(3, 3, SIDE, SIDE))
    other = torch.where(valid.unsqueeze(1), image, 255)
    assert torch.equal(tinted(image, valid, every), tinted(other, valid, every))
    assert not tinted(image, valid, every).movedim(1, -1)[~valid].any()
