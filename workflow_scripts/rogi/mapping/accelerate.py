"""The same network, faster: batch normalisation folded into convolutions, dilated ones in phases, bfloat16."""

import copy
import ctypes
import logging
import sys

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

# oneDNN's depthwise kernel falls back to a reference loop, some 50 times slower, where the padding exceeds this.
FAST_DILATION = 6
EXAMPLE_PX = 128
TOLERANCE = 1e-3  # of the spread of the output, in float32
NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")  # what torch calls it on x86 and ARM
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h


def accelerated(network: nn.Module, inputs: int, device: torch.device, precision: torch.dtype) -> nn.Module:
    """Return a copy of a network that computes the same faster, on a device, in a precision.

    Every change is checked on a random image in float32 and left out where the outputs differ.

    Args:
        network: Takes float32 (n, inputs, height, width), in evaluation mode.
        inputs: Its number of input layers.
        device: Where it will run.
        precision: torch.float32 or torch.bfloat16. Batch normalisation that could not be folded stays in float32.

    Raises:
        ValueError: The network cannot compute an image of 128 px, or not in this precision.
    """
    changes = [fold_batch_norm] + ([split_dilation] if device.type == "cpu" else [])
    generator = torch.Generator().manual_seed(0)
    example = torch.randn((1, inputs, EXAMPLE_PX, EXAMPLE_PX), generator=generator)
    faster = copy.deepcopy(network).eval().requires_grad_(False)
    with torch.no_grad():
        expected = _tried(network, example)
        for change in changes:
            changed = change(copy.deepcopy(faster), example)
            if _agree(expected, changed(example)):
                faster = changed
            else:
                logging.getLogger("rogi").info("%s does not fit this network and is left out", change.__name__)
    for module in faster.modules():
        if not isinstance(module, nn.modules.batchnorm._BatchNorm):
            module._apply(lambda tensor: tensor.to(precision) if tensor.is_floating_point() else tensor, recurse=False)
    faster = faster.to(memory_format=torch.channels_last).to(device)
    with torch.no_grad():
        _tried(faster, example.to(device, precision))
    return faster


def _tried(network: nn.Module, example: torch.Tensor) -> torch.Tensor:
    try:
        return network(example)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ValueError(
            f"{type(network).__name__} cannot map an image of {EXAMPLE_PX} px in {example.dtype}: {error}; "
            "take a network that accepts any multiple of 32 px, or set prediction.precision: float32"
        ) from error


def _agree(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool((one - other).abs().max() <= TOLERANCE * max(float(one.std()), 1e-6))


def fold_batch_norm(network: nn.Module, example: torch.Tensor) -> nn.Module:
    """Put every batch normalisation that follows a convolution into that convolution's weights, in place.

    What follows what is found by running the network on an example.
    """
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []
    kept: dict[int, tuple[nn.Conv2d, torch.Tensor]] = {}
    calls: list[nn.Module] = []

    def note(module: nn.Module, given: tuple[torch.Tensor, ...], made: torch.Tensor) -> None:
        calls.append(module)
        if isinstance(module, nn.Conv2d):
            kept[id(made)] = (module, made)  # kept alive, so that no other tensor takes its id
        elif isinstance(module, nn.BatchNorm2d) and id(given[0]) in kept:
            pairs.append((kept[id(given[0])][0], module))

    watched = [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))]
    hooks = [module.register_forward_hook(note) for module in watched]
    network(example)
    for hook in hooks:
        hook.remove()
    folded: dict[nn.Module, nn.Module] = {}
    for convolution, norm in pairs:
        if calls.count(convolution) == calls.count(norm) == 1:
            fused = fuse_conv_bn_eval(convolution, norm)
            convolution.weight, convolution.bias = fused.weight, fused.bias
            folded[norm] = getattr(norm, "act", nn.Identity())  # timm's BatchNormAct2d holds its activation
    return _replaced(network, folded)


class PhasedConv2d(nn.Module):
    """A dilated depthwise convolution as less dilated ones on every n-th row and column, the same to the last sum."""

    def __init__(self, convolution: nn.Conv2d, phases: int) -> None:
        """Take over the weights of a convolution whose dilation is a multiple of `phases`."""
        super().__init__()
        self.convolution, self.phases = copy.deepcopy(convolution), phases
        dilation = convolution.dilation[0] // phases
        self.convolution.dilation = self.convolution.padding = (dilation, dilation)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Convolve (n, channels, height, width)."""
        side, (count, channels, height, width) = self.phases, image.shape
        padded = functional.pad(image, (0, -width % side, 0, -height % side))
        rows, columns = padded.shape[2] // side, padded.shape[3] // side
        phases = padded.view(count, channels, rows, side, columns, side).permute(0, 3, 5, 1, 2, 4)
        phases = phases.reshape(-1, channels, rows, columns).contiguous(memory_format=torch.channels_last)
        out = self.convolution(phases).view(count, side, side, channels, rows, columns).permute(0, 3, 4, 1, 5, 2)
        out = out.reshape(padded.shape)[:, :, :height, :width]
        return out.contiguous(memory_format=torch.channels_last)


def split_dilation(network: nn.Module, example: torch.Tensor) -> nn.Module:
    """Replace depthwise convolutions of a dilation for which oneDNN has no fast kernel, in place."""
    del example
    slow: dict[nn.Module, nn.Module] = {}
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and (phases := _phases(module)) > 1:
            slow[module] = PhasedConv2d(module, phases)
    return _replaced(network, slow)


def _phases(convolution: nn.Conv2d) -> int:
    dilation = convolution.dilation
    depthwise = convolution.groups == convolution.in_channels == convolution.out_channels
    same = convolution.kernel_size == (3, 3) and convolution.stride == (1, 1) and convolution.padding == dilation
    if not (depthwise and same and convolution.padding_mode == "zeros" and dilation[0] == dilation[1]):
        return 1
    return next(n for n in range(1, dilation[0] + 1) if dilation[0] % n == 0 and dilation[0] // n <= FAST_DILATION)


def _replaced(network: nn.Module, replacements: dict[nn.Module, nn.Module]) -> nn.Module:
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if child in replacements:
                setattr(parent, name, replacements[child])
    return network


def choose_precision(wanted: str, device: torch.device) -> torch.dtype:
    """Return the number format for "auto", "float32" or "bfloat16"; auto takes bfloat16 where the hardware has it.

    Where it has not and bfloat16 is wanted all the same, a warning says that it will be slow.
    """
    if wanted == "float32":
        return torch.float32
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name) for name in NATIVE_BFLOAT16)
    if wanted == "bfloat16" and not native:
        logging.getLogger("rogi").warning(
            "this %s has no bfloat16 and emulates it, slower than float32; set training.precision or "
            "prediction.precision to auto, unless the results must round as on hardware that has it",
            "GPU" if device.type == "cuda" else "processor",
        )
    return torch.bfloat16 if native or wanted == "bfloat16" else torch.float32


def keep_freed_memory() -> None:
    """Let the C library keep the memory of a layer for the next one, where it is glibc.

    It would otherwise give every large block back to the kernel, which clears it again for the next layer.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(_M_TOP_PAD, 2**26)
