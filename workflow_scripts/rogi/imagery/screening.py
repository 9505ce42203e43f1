"""Which blocks of imagery are too cloudy or too dark to map from. Thresholds are our own, on 8-bit visual imagery."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Screening:
    """When a block of imagery counts as poor.

    Attributes:
        block_px: Side of the blocks, which lie on the global pixel grid.
        cloud_min_dn: A pixel is cloud where every band is at least this …
        cloud_max_chroma_dn: … and the bands differ by no more than this.
        shadow_max_dn: A pixel is in deep shadow where no band exceeds this.
        max_poor_share: A block with more cloud, shadow and missing pixels than this is taken from the next mosaic.
    """

    block_px: int
    cloud_min_dn: int
    cloud_max_chroma_dn: int
    shadow_max_dn: int
    max_poor_share: float


def cloudy(image: np.ndarray, screening: Screening) -> np.ndarray:
    """Return which pixels look like cloud, shape (height, width), in a (bands, …) uint8 image.

    Fresh snow looks like cloud to this rule, which is harmless: the next mosaic is taken only where it is better.
    """
    low, high = image.min(axis=0), image.max(axis=0)
    return (low >= screening.cloud_min_dn) & (high - low <= screening.cloud_max_chroma_dn)


def dark(image: np.ndarray, screening: Screening) -> np.ndarray:
    """Return which pixels lie in deep shadow, or are missing and therefore 0; shape as for `cloudy`."""
    return image.max(axis=0) <= screening.shadow_max_dn


def poor_pixels(image: np.ndarray, valid: np.ndarray, screening: Screening) -> np.ndarray:
    """Return which pixels are cloud, deep shadow or missing, shape (height, width), from a (bands, …) uint8 image."""
    return cloudy(image, screening) | dark(image, screening) | ~valid


def poor_share(image: np.ndarray, valid: np.ndarray, screening: Screening) -> np.ndarray:
    """Return the share of poor pixels per block, shape (height / block_px, width / block_px).

    The image's height and width are multiples of the block's side.
    """
    side = screening.block_px
    height, width = valid.shape
    poor = poor_pixels(image, valid, screening)
    return poor.reshape(height // side, side, width // side, side).mean(axis=(1, 3))
