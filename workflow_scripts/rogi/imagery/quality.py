"""How good the imagery of a patch or window is. Rules and thresholds are our own, on 8-bit visual imagery."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from workflow_scripts.rogi.imagery.screening import Screening, cloudy, dark


class Quality(NamedTuple):
    """Shares of a patch's pixels; no pixel counts twice.

    Attributes:
        cloud_share: Cloud, and snow so bright that it cannot be told from it.
        shadow_share: Deep shadow.
        snow_share: Other snow.
        quality: What is left: neither missing nor one of these. 1 is a patch that shows the ground everywhere.
    """

    cloud_share: float
    shadow_share: float
    snow_share: float
    quality: float

    @property
    def poor_share(self) -> float:
        """Share of cloud, shadow and snow in what is not missing; 0 where all is missing."""
        poor = self.cloud_share + self.shadow_share + self.snow_share
        return poor / (poor + self.quality) if poor else 0.0


def quality_of(
    image: np.ndarray, valid: np.ndarray, bands: Sequence[str], screening: Screening, snow_min_dn: int
) -> Quality:
    """Return the quality of a patch.

    Cloud and shadow are those of the screening of the imagery. Snow is at least `snow_min_dn` in every band, and
    neutral (bands no further apart than the screening allows cloud) or bluish (no band above the blue one, if any).

    Args:
        image: uint8 (bands, height, width).
        valid: bool (height, width); pixels that are not are missing.
        bands: Names of the bands.
        screening: Thresholds of cloud and shadow.
        snow_min_dn: Threshold of snow.
    """
    low, high = image.min(axis=0), image.max(axis=0)
    cloud = cloudy(image, screening) & valid
    shadow = dark(image, screening) & valid & ~cloud
    tint = high - low <= screening.cloud_max_chroma_dn
    if "blue" in bands:
        tint |= image[bands.index("blue")] == high
    snow = (low >= snow_min_dn) & tint & valid & ~cloud & ~shadow
    good = valid & ~(cloud | shadow | snow)
    return Quality(*(float(part.mean()) for part in (cloud, shadow, snow, good)))
