"""Parts of patches: label, validity and channels go with the image, and what comes from outside is not valid."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from workflow_scripts.rogi.training.batch import Batch
from workflow_scripts.rogi.training.geometry import Placing, placed
from workflow_scripts.rogi.training.orientation import turn

SIDE = 24
NAMES = ["slope", "aspect_sine", "aspect_cosine"]


def batch(count: int = 4, gaps: bool = True) -> Batch:
    """Return patches whose label can be read off the image."""
    generator = torch.Generator().manual_seed(3)
    image = torch.randint(1, 250, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    valid = torch.rand((count, SIDE, SIDE), generator=generator) < (0.9 if gaps else 1.1)
    channels = torch.randn((count, len(NAMES), SIDE, SIDE), generator=generator)
    channels[:, 0, :3] = math.nan
    channels.masked_fill_(~valid.unsqueeze(1), math.nan)
    return Batch(image * valid.unsqueeze(1), channels, (image[:, 0] > 120) & valid, valid)


def placing(count: int = 4, centre: float = (SIDE - 1) / 2) -> Placing:
    middle = torch.full((count,), centre, dtype=torch.float64)
    zero = torch.zeros(count, dtype=torch.float64)
    return Placing(middle, middle.clone(), zero > 0, zero, zero + 1)


def same(one: Batch, other: Batch) -> bool:
    masks = all(torch.equal(one[part], other[part]) for part in (0, 2, 3))
    return masks and torch.allclose(one.channels, other.channels, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns_and_mirrors_move_pixels_exactly(mirrored: bool, quarters: int) -> None:
    given = batch()
    where = replace(placing(), mirrored=torch.full((4,), mirrored), angle_rad=torch.full((4,), quarters * math.pi / 2))
    image, _, label, valid = (turn(part, [], quarters, mirrored) for part in given)
    expected = Batch(image, turn(given.channels, NAMES, quarters, mirrored), label, valid)
    assert same(placed(given, where, SIDE, NAMES), expected)


def test_a_part_is_a_part() -> None:
    given = batch()
    where = placing(4)
    where = replace(where, row=torch.tensor([3.5, 4.5, 20.5, 5.5]).double(), column=torch.full((4,), 11.5).double())
    parts = placed(given, where, 8, NAMES)
    for number, top in enumerate((0, 1, 17 - 1, 2)):
        rows, columns = slice(top, top + 8), slice(8, 16)
        if number == 2:
            rows = slice(17, 24)  # its last row would lie outside
            assert not parts.valid[2, 7].any()
        expected = given.image[number, :, rows, columns]
        assert torch.equal(parts.image[number, :, : expected.shape[1]], expected)


@pytest.mark.parametrize("angle_deg", [0.0, 33.0, 200.0])
@pytest.mark.parametrize("zoom", [0.7, 1.0, 1.6])
def test_any_angle_and_zoom_agree_with_scipy(angle_deg: float, zoom: float) -> None:
    given = batch(1, gaps=False)
    angle = math.radians(angle_deg)
    where = replace(placing(1), angle_rad=torch.tensor([angle]).double(), zoom=torch.tensor([zoom]).double())
    part = placed(given, where, SIDE, NAMES)
    # Rows grow downwards, so an anticlockwise turn of the picture takes from the clockwise place.
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) / zoom
    middle = np.full(2, (SIDE - 1) / 2)
    offset = middle - matrix @ middle
    plane = given.image[0, 1].numpy().astype(float)
    expected = ndimage.affine_transform(plane, matrix, offset, order=1, mode="grid-constant", cval=0)
    covered = ndimage.affine_transform(np.ones_like(plane), matrix, offset, order=1, mode="grid-constant", cval=0)
    whole = covered > 0.999
    assert whole.sum() > 100
    assert np.abs(part.image[0, 1].numpy()[whole] - expected[whole]).max() <= 0.51
    assert part.valid[0].numpy()[whole].all()
    assert not part.valid[0].numpy()[covered < 0.2].any()
    assert not part.image[0][:, ~part.valid[0]].any()


def test_gaps_do_not_darken_their_neighbours() -> None:
    given = batch()
    flat = given._replace(image=(given.valid.unsqueeze(1) * 200).byte().expand(-1, 3, -1, -1))
    where = replace(placing(), angle_rad=torch.full((4,), 0.5), zoom=torch.full((4,), 1.3))
    part = placed(flat, where, SIDE, NAMES)
    assert 0.5 < part.valid.float().mean() < 0.95
    assert (part.image.movedim(1, -1)[part.valid] == 200).all()
    assert (part.label <= part.valid).all()


def test_vectors_turn_with_their_ground() -> None:
    """Ground that faces east everywhere faces north after a quarter turn anticlockwise; mirrored first, south."""
    given = batch(2)
    channels = torch.zeros(2, 3, SIDE, SIDE)
    channels[:, 1] = 1.0  # sine of the aspect: east
    where = replace(placing(2), angle_rad=torch.full((2,), math.pi / 3), mirrored=torch.tensor([False, True]))
    sine, cosine = placed(given._replace(channels=channels), where, 8, NAMES).channels[:, 1:].unbind(1)
    east = torch.tensor([1.0, -1.0]).view(2, 1, 1).expand(2, 8, 8)
    assert torch.allclose(sine, east * math.cos(math.pi / 3), atol=1e-6)
    assert torch.allclose(cosine, east * math.sin(math.pi / 3), atol=1e-6)


def test_missing_channels_stay_missing_and_spoil_nothing() -> None:
    given = batch(gaps=False)
    part = placed(given, replace(placing(), angle_rad=torch.full((4,), 0.3)), SIDE, NAMES)
    assert part.channels[:, 0].isnan().any()
    assert part.channels[:, 0].isfinite().any()
    inside = part.valid.unsqueeze(1).expand(-1, 2, -1, -1)
    assert part.channels[:, 1:][inside].isfinite().float().mean() > 0.95
