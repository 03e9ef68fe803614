"""Where in the user's program a variable was made: the nearest frame outside Bitale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

INTERNAL = ("bitale_graph", "bitale_autodiff", "bitale_rewrite", "bitale_backend_c", "bitale_backend_cuda", "bitale")


class Origin(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


_is_internal: dict[str, bool] = {}  # module name -> whether it is Bitale's: asked several times per node
_origins: dict[tuple[str, int], Origin] = {}  # one object for a line, however many nodes it makes
_current: list[Origin | None] = []  # set while a transformation builds nodes on behalf of older ones


def here() -> Origin | None:
    """The user's line that is being executed, or the origin set by `made_at`."""
    if _current:
        return _current[-1]
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        internal = _is_internal.get(module)
        if internal is None:
            internal = _is_internal[module] = module.partition(".")[0] in INTERNAL
        if not internal:
            place = (frame.f_code.co_filename, frame.f_lineno)
            return _origins.get(place) or _origins.setdefault(place, Origin(*place))
        frame = frame.f_back  # type: ignore[assignment]
    return None


@contextmanager
def made_at(origin: Origin | None) -> Iterator[None]:
    """Nodes built inside carry `origin`: a derivative belongs to the line of the expression it derives."""
    _current.append(origin)
    try:
        yield
    finally:
        _current.pop()
