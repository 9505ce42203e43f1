"""Several processes: what stops them, and what they share. That they come to the same end is in test_loop."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from timm.layers import BatchNormAct2d
from torch import distributed, nn

from tests.training.killed import CLEAN
from tests.training.scene import CPU, RECIPE, network, samples
from workflow_scripts.rogi.training import launch
from workflow_scripts.rogi.training.distributed import Process, over_all, shared, with_common_statistics


@pytest.mark.parametrize(("device", "visible"), [("cuda", 0), ("cuda", 1), ("auto", 3)])
def test_fewer_gpus_than_processes_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, visible: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: visible)
    given = samples(tmp_path)
    with pytest.raises(RuntimeError, match=rf"training\.gpus is 4, and {visible} are visible.*CUDA_VISIBLE_DEVICES"):
        launch.fit_on(4, device, network(), given, RECIPE, tmp_path / "resume.pt", lambda rows: None)
    given.patches.close()


def test_what_one_of_several_processes_met_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START", CLEAN.get_start_method())  # a new interpreter would import PyTorch first
    given = samples(tmp_path)
    absurd = replace(RECIPE, optimizer="sgd", learning_rate=3e38, weight_decay=1e3, warmup_share=0.0)
    with pytest.raises(RuntimeError, match=r"one of 2 processes of the training failed: .*training\.learning_rate"):
        launch.fit_on(2, "cpu", network(), given, absurd, tmp_path / "resume.pt", print)
    given.patches.close()


def test_one_process_is_no_group() -> None:
    net, values = network(), torch.arange(3.0)
    assert Process.current() == Process(0, 1)
    assert Process.current().leads
    assert over_all(values) is values
    assert shared(net, CPU) is net
    assert with_common_statistics(net, torch.device("cuda")) is net


def test_common_statistics_keep_the_activation_of_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's own conversion would make a plain normalisation of it."""
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    net = nn.Sequential(nn.Conv2d(3, 4, 1), BatchNormAct2d(4), nn.BatchNorm2d(4)).eval()
    image = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = net(image)
        converted = with_common_statistics(net, torch.device("cuda"))
        assert torch.equal(converted(image), expected)
    assert [isinstance(layer, nn.SyncBatchNorm) for layer in converted] == [False, True, True]
