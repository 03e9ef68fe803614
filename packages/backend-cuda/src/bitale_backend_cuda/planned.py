"""What a call needs of the device's memory, buffer by buffer, for the message where there is not enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_backend_cuda.host.expressions import python
from bitale_backend_cuda.host.python import apply
from bitale_rewrite.loops.blocks import nbytes
from bitale_rewrite.loops.ir import Buffer, Load, Name, Program, Value
from bitale_rewrite.loops.values import everything_in

SHOWN = 12  # the largest


def planned(program: Program, shapes: Sequence[tuple[int, ...]]) -> str:
    """The bytes of each argument, result and temporary array, largest first. `shapes` are those of all inputs."""
    names = _lengths(program, shapes)
    lines = [(_bytes(nbytes(b), names), _described(b, "input")) for b in program.inputs]
    lines += [
        (_bytes(nbytes(b), names), _described(b, "result"))
        for b in program.outputs
        if b.slot not in program.donated and b.base is None
    ]
    held: dict[int, list[Buffer]] = {}
    for buffer, block in program.placement.items():
        held.setdefault(block, []).append(buffer)
    for block, buffers in sorted(held.items()):
        lines.append((_bytes(program.slots[block], names), _described(buffers[0], "temporary", buffers[1:])))
    lines.sort(key=lambda line: -(line[0] or 0))
    known = sum(size or 0 for size, _ in lines)
    shown = [f"    {'?' if size is None else f'{size:,}':>15} bytes  {what}" for size, what in lines[:SHOWN]]
    more = [f"    and {len(lines) - SHOWN} smaller ones"] if len(lines) > SHOWN else []
    return "\n".join([f"  The call was to hold {known:,} bytes on the device:", *shown, *more])


def _described(buffer: Buffer, kind: str, others: Sequence[Buffer] = ()) -> str:
    after = f", then {', '.join(other.name for other in others[:3])}" if others else ""
    return f"{kind} {buffer.name} ({buffer.dtype}){after}"


def _lengths(program: Program, shapes: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    """What the host's function knows before it starts."""
    names: dict[str, Any] = {"apply": apply}
    for lengths, shape in zip(program.lengths, shapes, strict=True):
        names.update({n.name: length for n, length in zip(lengths, shape, strict=True) if isinstance(n, Name)})
    for size in program.sizes:
        known = _bytes(size.value, names)
        if known is not None:
            names[size.name.name] = known
    return names


def _bytes(size: Value, names: dict[str, Any]) -> int | None:
    """None where it depends on what is computed first."""
    if any(isinstance(v, Load) for v in everything_in([size])):
        return None
    try:
        return int(eval(python(size), names))
    except NameError:
        return None
