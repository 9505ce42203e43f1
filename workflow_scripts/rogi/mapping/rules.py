"""How candidates are drawn, as the config's section `candidates` says."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OF_MODEL = "model"  # as threshold: the one that the network was calibrated to, which its rasters state
TAG = "threshold"


@dataclass(frozen=True)
class CandidateRules:
    """The section `candidates`; CONFIG.md describes its keys."""

    threshold: float
    seed_threshold: float | None
    connectivity: int
    max_hole_m2: float
    min_area_m2: float
    smoothing_m: float
    units: str
    unit_max_neck: float
    unit_flow_compression: float
    unit_flow_smoothing_m: float
    cut_objects: str


def rules_for(section: Mapping[str, Any], raster: str, tags: Mapping[str, str]) -> CandidateRules:
    """Return the rules for one probability raster.

    Args:
        section: The section `candidates`, its threshold a number or `OF_MODEL`.
        raster: Path of the raster, for messages.
        tags: Its tags; `TAG` is the threshold of the network that made it.

    Raises:
        ValueError: The raster shall say which threshold to take, and does not.
    """
    if section["threshold"] != OF_MODEL:
        return CandidateRules(**section)
    threshold = float(tags.get(TAG, "nan"))
    if not 0 < threshold < 1:
        raise ValueError(
            f"candidates.threshold is '{OF_MODEL}', and the tag '{TAG}' of {raster} is {tags.get(TAG, 'missing')}; "
            "expected the probability, between 0 and 1, to which its network was calibrated. Map it again, or set "
            "candidates.threshold to a number"
        )
    seed = section["seed_threshold"]
    if seed is not None and seed < threshold:
        logging.getLogger("rogi").warning(
            "candidates.seed_threshold is %g, below the model's own threshold of %.3f, so every object passes; raise "
            "it, or set it to null",
            *(seed, threshold),
        )
    return CandidateRules(**{**section, "threshold": threshold})
