"""Colours of patches changed at random, as other sensors, hours and hazes would have them."""

from dataclasses import dataclass

import torch
from torch.nn import functional

WHITE_DN = 255.0
TAILS = 3  # standard deviations after which a Gaussian is cut


@dataclass(frozen=True)
class Tint:
    """How the colours of n patches change; factors of 1 and amounts of 0 change nothing.

    Attributes:
        gamma: Exponent (n,).
        contrast: Factor about the patch's mean (n,).
        gain: Factor per band (n, bands).
        blur_px: Standard deviation of the blur (n,), pixels.
        noise_dn: Added noise (n, bands, height, width), digital numbers; or of shape (n, 1, 1, 1) where there is none.
    """

    gamma: torch.Tensor
    contrast: torch.Tensor
    gain: torch.Tensor
    blur_px: torch.Tensor
    noise_dn: torch.Tensor


def tinted(image: torch.Tensor, valid: torch.Tensor, tint: Tint) -> torch.Tensor:
    """Return patches of other colours, uint8; pixels without data stay 0 and spread nowhere.

    Args:
        image: uint8 (n, bands, height, width).
        valid: bool (n, height, width).
        tint: How they change.
    """
    known = valid.unsqueeze(1).float()
    gamma, contrast = (value.float().view(-1, 1, 1, 1) for value in (tint.gamma, tint.contrast))
    layers = WHITE_DN * (image.float() / WHITE_DN) ** gamma
    count = known.sum(dim=(2, 3), keepdim=True).clamp(min=1) * image.shape[1]
    mean = (layers * known).sum(dim=(1, 2, 3), keepdim=True) / count
    layers = ((layers - mean) * contrast + mean) * tint.gain.float()[:, :, None, None]
    layers = _blurred(layers, known, tint.blur_px.float()) + tint.noise_dn
    return (layers * known).round().clamp(0, WHITE_DN).byte()


def _blurred(layers: torch.Tensor, known: torch.Tensor, sigma_px: torch.Tensor) -> torch.Tensor:
    wanted = sigma_px > 0
    if not wanted.any():
        return layers
    stack = torch.cat([layers * known, known], 1)[wanted]
    smooth = _smoothed(_smoothed(stack, sigma_px[wanted]).mT, sigma_px[wanted]).mT
    layers = layers.clone()
    layers[wanted] = smooth[:, :-1] / smooth[:, -1:].clamp(min=1e-6)
    return layers


def _smoothed(stack: torch.Tensor, sigma_px: torch.Tensor) -> torch.Tensor:
    """Convolve every patch along its rows with a Gaussian of its own; the edge is taken to go on."""
    reach = int(torch.ceil(TAILS * sigma_px.max()))
    reach = min(reach, stack.shape[-1] - 1)
    offset = torch.arange(-reach, reach + 1, dtype=torch.float32)
    weights = torch.exp(-0.5 * (offset / sigma_px[:, None]) ** 2)
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(stack.shape[1], 0)
    flat = functional.pad(stack, (reach, reach, 0, 0), mode="replicate").flatten(0, 1).unsqueeze(0)
    return functional.conv2d(flat, weights[:, None, None], groups=len(weights)).view(stack.shape)
