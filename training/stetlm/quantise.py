"""Rounds weights as the product's loader does, and puts them back as float32: what is lost, measured in Python.

int8: symmetric, one scale per output channel (row). int4: symmetric in groups of 32 along the input, levels -8..7.
The embedding table is also the output head, so it is rounded like a matrix (int8 in both: the head is sensitive).
Activations stay float32 here; the product also rounds them to 8 bits in its fastest path.
"""
import torch

GROUP = 32


def int8_rows(weight):
    """weight [nRow, nCol] float32 -> the same after 8-bit rounding per row."""
    scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
    return (weight / scale).round().clamp(-127, 127) * scale


def int4_groups(weight):
    """weight [nRow, nCol] float32 -> the same after 4-bit rounding in groups of GROUP columns."""
    grouped = weight.reshape(weight.shape[0], -1, GROUP)
    # The largest magnitude, with its sign, maps to -8: the whole range of sixteen levels is used.
    index = grouped.abs().argmax(-1, keepdim=True)
    scale = grouped.gather(-1, index) / -8
    scale = torch.where(scale.abs() < 1e-8, torch.full_like(scale, 1e-8), scale)
    return ((grouped / scale).round().clamp(-8, 7) * scale).reshape(weight.shape)


@torch.no_grad()
def apply(model, kind: str) -> None:
    for name, parameter in model.named_parameters():
        if kind == "bf16":
            parameter.copy_(parameter.bfloat16().float())
        elif parameter.dim() == 2 and kind in ("int8", "int4"):
            is_table = "embed_tokens" in name
            parameter.copy_(int4_groups(parameter) if kind == "int4" and not is_table else int8_rows(parameter))
