"""Turned and mirrored windows whose channels have a direction: the aspect turns with the ground that it belongs to."""

from collections.abc import Sequence

import torch

VECTORS = (("aspect_sine", "aspect_cosine"),)  # towards east, towards north


def turn(channels: torch.Tensor, names: Sequence[str], quarter_turns: int, mirrored: bool) -> torch.Tensor:
    """Return a window as it would be if the world were mirrored left to right first and then turned.

    Args:
        channels: Of shape (…, c, height, width). Images and masks turn alike, without names: then all that counts is
            that the last two axes are rows and columns.
        names: Names of the c channels; those in VECTORS are turned as vectors.
        quarter_turns: Anticlockwise, as `torch.rot90` counts them.
        mirrored: Whether left and right change places.
    """
    turned = torch.rot90(channels.flip(-1) if mirrored else channels, quarter_turns, (-2, -1))
    # Whole numbers, not sines of angles: eight turns lead back to the last bit.
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter_turns % 4]
    return _directed(turned, names, cosine, sine, -1 if mirrored else 1)


def rotate(channels: torch.Tensor, names: Sequence[str], angle_rad: float | torch.Tensor) -> torch.Tensor:
    """Return channels whose vectors are turned by an angle; their pixels are turned by the caller, who resamples them.

    Args:
        channels: Of shape (…, c, height, width).
        names: Names of the c channels.
        angle_rad: Anticlockwise; a number, or one for each of the first axis.
    """
    angle = torch.as_tensor(angle_rad, dtype=channels.dtype, device=channels.device)
    angle = angle.reshape(*angle.shape, *(1,) * (channels.ndim - 1 - angle.ndim))
    return _directed(channels, names, torch.cos(angle), torch.sin(angle), 1)


def _directed(
    channels: torch.Tensor,
    names: Sequence[str],
    cosine: float | torch.Tensor,
    sine: float | torch.Tensor,
    eastwards: int,
) -> torch.Tensor:
    """Return channels with vectors whose eastward part is multiplied by 1 or -1 and which are then turned."""
    layers = dict(zip(names, channels.unbind(-3), strict=True)) if names else {}
    for towards_east, towards_north in VECTORS:
        if towards_east in layers:
            east, north = eastwards * layers[towards_east], layers[towards_north]
            layers[towards_east], layers[towards_north] = east * cosine - north * sine, east * sine + north * cosine
    return torch.stack(list(layers.values()), -3) if layers else channels
