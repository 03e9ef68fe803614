"""The C of small programs is what it was, in as few kernels as it can be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bitale_backend_c.compile import ready
from bitale_backend_c.emit import emit
from bitale_backend_c.emit.names import reserved
from bitale_rewrite.loops.ir import Run
from bitale_rewrite.loops.lower import lower
from bitale_rewrite.loops.touched import all_steps
from tests.golden.programs import PROGRAMS

FOLDER = Path(__file__).parent / "generated"
PLACE = re.compile(r" +\S*\.py:\d+")  # where the user's lines are is another folder on another machine
FIRST = re.compile(r"^/\* .*\n(?:/\*.*\n)*BITALE_INLINE|^int32_t bitale_run", re.M)


def kernels_of(source: str) -> str:
    """The text from the first kernel on: what stands before is the same for all programs."""
    start = FIRST.search(source)
    assert start is not None
    return PLACE.sub("", source[start.start() :])


@pytest.mark.parametrize("make", PROGRAMS, ids=lambda make: make.__name__)
def test_c(make, update_golden):
    program = make()
    donate = program.donate
    graph = program.graph
    lowered = lower(ready(graph), make.__name__, donate, donate.values(), reserved, written=graph)
    text, golden = kernels_of(emit(lowered)), FOLDER / f"{make.__name__}.c"
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text(), "read the difference; where it is meant, run pytest --update-golden"
    assert sum(isinstance(step, Run) for step in all_steps(lowered.steps)) == program.kernels
