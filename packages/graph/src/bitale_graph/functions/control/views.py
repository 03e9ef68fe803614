"""map, reduce, foldl, foldr and filter as Theano has them: scans of a common form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph.errors import ShapeError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.control.scan import scan
from bitale_graph.functions.indexing import compress
from bitale_graph.functions.slicing import flip
from bitale_graph.ops.elementwise import not_equal
from bitale_graph.variable import Variable

Updates = dict[Variable, Variable]


def map(
    fn: Callable[..., Any], sequences: Any, non_sequences: Any = None, truncate_gradient: int = -1,
    go_backwards: bool = False, mode: Any = None, name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """fn(elements of the sequences, non-sequences) at every place, stacked: (outputs, updates). Raises as `scan`."""
    return scan(fn, sequences, None, non_sequences, None, truncate_gradient, go_backwards, mode, name)


def reduce(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, go_backwards: bool = False,
    mode: Any = None, name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """The last of the values y = fn(elements of the sequences, y, non-sequences): (outputs, updates).

    `outputs_info` has the first values, as for `scan`; no element yet gives ShapeError when the function runs.
    """
    outputs, updates = scan(fn, sequences, outputs_info, non_sequences, None, -1, go_backwards, mode, name)
    return [y[-1] for y in outputs] if isinstance(outputs, list) else outputs[-1], updates


def foldl(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """`reduce` from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None, mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """`reduce` from the last element to the first."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)


def filter(
    fn: Callable[..., Any], sequences: Any, non_sequences: Any = None, go_backwards: bool = False, mode: Any = None,
    name: str | None = None,
) -> tuple[Any, Updates]:  # fmt: skip
    """The elements of the sequences where fn(elements, non-sequences) is not 0: (one array per sequence, updates).

    Raises ShapeError where `fn` returns no scalar, and as `scan`.
    """
    given = list(sequences) if isinstance(sequences, (list, tuple)) else [sequences]
    kept, updates = scan(fn, given, None, non_sequences, None, -1, go_backwards, mode, name)
    if kept.ndim != 1:
        raise ShapeError(explain("filter: the function returns an array; one scalar says whether to keep", [kept]))
    arrays = [flip(as_variable(x), 0) if go_backwards else as_variable(x) for x in given]
    found = [compress(not_equal(kept, 0), x, 0) for x in arrays]
    return found if isinstance(sequences, (list, tuple)) else found[0], updates
