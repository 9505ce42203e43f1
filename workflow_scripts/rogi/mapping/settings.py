"""How a study maps: windows, joining, precision, as the config's section `prediction` says."""

from dataclasses import dataclass

from workflow_scripts.rogi.mapping.blend import Blend, Joining, Union
from workflow_scripts.rogi.mapping.windows import WindowGrid

TPROGI_WINDOW_PX = 480  # Sun et al. (2024)


@dataclass(frozen=True)
class Prediction:
    """The section `prediction`; CONFIG.md describes its keys."""

    mode: str
    window_px: int
    overlap_px: int
    tprogi_stride_px: int
    looks: str
    further_looks: str | None
    test_time: str
    precision: str
    compiled: bool
    batch_size: int
    device: str

    @property
    def windows(self) -> WindowGrid:
        """The windows on the global grid."""
        if self.mode == "tprogi":
            return WindowGrid(TPROGI_WINDOW_PX, self.tprogi_stride_px)
        return WindowGrid(self.window_px, self.window_px - self.overlap_px)

    @property
    def joining(self) -> Joining:
        """How their scores are joined."""
        return Union() if self.mode == "tprogi" else Blend(self.window_px, self.overlap_px)
