"""The section `prediction` of the config becomes windows and a way to join them."""

import pytest
import yaml

from tests.rule_files import ROOT
from workflow_scripts.rogi.mapping.blend import Blend, Union
from workflow_scripts.rogi.mapping.settings import Prediction
from workflow_scripts.rogi.mapping.windows import WindowGrid

SECTION = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["prediction"]


def test_the_default_reads_few_pixels_twice() -> None:
    settings = Prediction(**SECTION)
    assert 1024 <= settings.window_px <= 2048
    assert settings.windows.redundancy <= 1.35
    assert isinstance(settings.joining, Blend)
    assert settings.joining.weights.shape == (settings.window_px, settings.window_px)


@pytest.mark.parametrize("stride", [160, 320])
def test_the_groups_geometry_is_that_of_the_paper(stride: int) -> None:
    settings = Prediction(**SECTION | {"mode": "tprogi", "tprogi_stride_px": stride})
    assert settings.windows == WindowGrid(480, stride)
    assert isinstance(settings.joining, Union)
