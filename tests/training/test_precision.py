"""Number formats by device, and repeatable algorithms for as long as they are wanted."""

import os

import pytest
import torch

from workflow_scripts.rogi.training.precision import repeatable, training_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("wanted", "device", "native", "expected"),
    [
        ("auto", CPU, True, torch.float32),
        ("auto", GPU, True, torch.bfloat16),
        ("auto", GPU, False, torch.float16),
        ("float32", GPU, True, torch.float32),
        ("bfloat16", CPU, False, torch.bfloat16),
        ("bfloat16", GPU, False, torch.bfloat16),
        ("float16", GPU, True, torch.float16),
    ],
)
def test_the_format_is_what_is_wanted_or_what_the_device_has(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wanted: str,
    device: torch.device,
    native: bool,
    expected: torch.dtype,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native})
    with caplog.at_level("WARNING", "rogi"):
        assert training_precision(wanted, device) == expected
    assert ("has no bfloat16 and emulates it" in caplog.text) == (wanted == "bfloat16" and not native)


@pytest.mark.parametrize("wanted", [True, False])
def test_repeatable_algorithms_last_as_long_as_the_training(wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    cudnn = torch.backends.cudnn
    before = torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark

    @repeatable(wanted)
    def interrupted() -> None:
        assert (torch.are_deterministic_algorithms_enabled(), cudnn.deterministic) == (wanted, wanted)
        assert cudnn.benchmark != wanted
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark) == before
