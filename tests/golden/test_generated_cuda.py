"""The CUDA of small programs, and the host's part of each, are what they were; no kernel spills registers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bitale_backend_c.compile import ready
from bitale_backend_cuda.compile import lower_and_emit
from bitale_backend_cuda.emit.program import Emitted
from tests.golden.programs import PROGRAMS
from tests.support.cuda.nvrtc import ARCHITECTURES, needs_nvrtc, report

FOLDER = Path(__file__).parent / "generated"
PLACE = re.compile(r" +\S*\.py:\d+")  # where the user's lines are is another folder on another machine


def emitted(make) -> Emitted:
    program = make()
    return lower_and_emit(ready(program.graph), make.__name__, program.donate, program.donate.values())


@pytest.mark.parametrize("make", PROGRAMS, ids=lambda make: make.__name__)
def test_cuda(make, update_golden):
    found = emitted(make)
    kernels = found.source[found.source.index("\n\n") + 2 :] if found.kernels else ""
    text, golden = PLACE.sub("", f"{kernels}/*\n{found.host}*/\n"), FOLDER / f"{make.__name__}.cu"
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text(), "read the difference; where it is meant, run pytest --update-golden"


@needs_nvrtc
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_registers(architecture, update_golden):
    """The report says what each kernel takes; it is not compared, as it changes with the compiler."""
    lines = ["| kernel | registers | shared bytes | spilled bytes |", "| --- | --- | --- | --- |"]
    for make in PROGRAMS:
        found = emitted(make)
        kernels = report(found.source, architecture).kernels if found.kernels else {}
        for name, usage in sorted(kernels.items()):
            assert not usage.spilled, f"{make.__name__}: {name} spills {usage.spilled} bytes"
            lines.append(f"| {make.__name__}: {name} | {usage.registers} | {usage.shared} | {usage.spilled} |")
    if update_golden:
        (FOLDER / f"registers_{architecture}.md").write_text("\n".join(lines) + "\n")
