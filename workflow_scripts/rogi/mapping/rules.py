"""How candidates are drawn, as the config's section `candidates` says."""

from dataclasses import dataclass


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
