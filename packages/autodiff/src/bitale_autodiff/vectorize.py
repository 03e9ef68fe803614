"""vmap and vectorize: a function of arrays becomes one of stacks of arrays, with no loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from bitale_autodiff.arguments import as_list, in_kind
from bitale_graph.batching import batch_operands
from bitale_graph.batching.operands import Lanes, Operand, filled
from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions import as_variable, expand_dims, moveaxis, squeeze
from bitale_graph.functions.axes import normalize_axis
from bitale_graph.functions.control.build import slice_variable
from bitale_graph.functions.control.capture import described
from bitale_graph.functions.control.lengths import joint_length
from bitale_graph.graph import substitute
from bitale_graph.sizes import Size
from bitale_graph.tree import Tree, flatten
from bitale_graph.variable import Variable

Build = Callable[..., Any]
CORE = re.compile(r"\(\s*(\w+(?:\s*,\s*\w+)*)?\s*,?\s*\)")


def vmap(f: Build, in_axes: Any = 0, out_axes: Any = 0) -> Build:
    """f for every element along axes of its arguments, all at once, in the style of JAX.

    `in_axes`: which axis of an argument runs over the batch, None for an argument that is the same for all; one for all
    arguments, or a tuple with one for each. An argument that is a tree (tuples, lists, dicts) has one axis for all
    its arrays, or a tree of them. `out_axes`: where the results have the batch axis, likewise; None for a result that
    is the same for all. f is called once, with variables that lack the axis; what else it uses is the same for all.

    The function raises ArgumentError where no axis is given, an axis does not exist, or a result that differs along the
    batch is to be one for all; ShapeError where lengths differ; MissingRule where arrays of different lengths would
    have to be stacked.
    """
    where = f"vmap: {described(f)}"

    @wraps(f)
    def mapped(*arguments: Any) -> Any:
        leaves, form = flatten(arguments)
        axes = _axes(f"{where}: in_axes", in_axes, form)
        variables = [as_variable(v) for v in leaves]
        stacked = [
            None if axis is None else moveaxis(v, _axis(where, axis, v), 0)
            for v, axis in zip(variables, axes, strict=True)
        ]
        labelled = [(v.name or f"{k}", v) for k, v in enumerate(stacked) if v is not None]
        if not labelled:
            raise ArgumentError(f"{where}: in_axes gives no axis that could run over the batch")
        length = joint_length(where, labelled, noun="the argument")
        inside = [v if s is None else slice_variable(s, v.name) for v, s in zip(variables, stacked, strict=True)]
        results, result_form = flatten(f(*form.build(inside)))
        found = {v: Operand(s, True) for v, s in zip(inside, stacked, strict=True) if s is not None}
        outputs = batch_operands([as_variable(y) for y in results], found, Lanes(length))
        places = _axes(f"{where}: out_axes", out_axes, result_form)
        return result_form.build([_placed(where, y, axis, length) for y, axis in zip(outputs, places, strict=True)])

    return mapped


def _placed(where: str, y: Operand, axis: int | None, length: Size) -> Variable:
    if axis is None:
        if y.batched:
            problem = f"{where}: a result differs along the batch, but out_axes is None"
            raise ArgumentError(explain(problem, [y.variable]))
        return y.variable
    stacked = filled(y, length)
    return moveaxis(stacked, 0, _axis(f"{where}: out_axes", axis, stacked))


def _axis(where: str, axis: Any, v: Variable) -> int:
    try:
        return normalize_axis(axis, v.ndim, where)
    except ArgumentError as error:
        raise ArgumentError(explain(str(error), [v])) from None


def _axes(what: str, axes: Any, form: Tree) -> list[int | None]:
    """One axis per leaf of a tree: `axes` is an axis or None, or a container with one such for each child."""
    if axes is None or isinstance(axes, int):
        return [axes] * form.count
    matching = isinstance(axes, (tuple, list)) and not form.keys and form.kind is not None
    if matching and len(axes) == len(form.children):
        return [axis for each, child in zip(axes, form.children) for axis in _axes(what, each, child)]
    if isinstance(axes, Mapping) and set(axes) == set(form.keys):
        return [axis for key, child in zip(form.keys, form.children) for axis in _axes(what, axes[key], child)]
    raise ArgumentError(f"{what} is {axes!r}, which does not fit the form {form}")


def vectorize(f: Any = None, signature: str | None = None, *, in_axes: Any = None, out_axes: Any = 0) -> Build:
    """f over all leading axes of its arguments, which stretch against each other as in NumPy's broadcasting.

    `signature` names the last axes that f itself works on, such as "(m, n), (n) -> (m)"; without one f takes scalars.
    An axis stretches where its length is statically 1. With `in_axes` it is `vmap`. Also a decorator:
    `@vectorize("(n), (n) -> ()")`. f is called once; it returns one array, or a list or tuple of them.

    The function raises ArgumentError for a signature that does not fit the arguments, ShapeError where arguments have
    too few axes, lengths differ, or a result has not the axes that the signature says.
    """
    if isinstance(f, str):
        f, signature = None, f
    if f is None:
        return lambda build: vectorize(build, signature, in_axes=in_axes, out_axes=out_axes)
    if in_axes is not None:
        if signature is not None:
            raise ArgumentError("vectorize: give a signature or in_axes, not both")
        return vmap(f, in_axes, out_axes)
    where = f"vectorize: {described(f)}"
    cores = None if signature is None else _parsed(where, signature)

    @wraps(f)
    def vectorized(*arguments: Any) -> Any:
        variables = [as_variable(v) for v in arguments]
        ranks = [0] * len(variables) if cores is None else [len(core) for core in cores[0]]
        if len(ranks) != len(variables):
            given = f"{where} is called with {len(variables)} arguments"
            raise ArgumentError(f"{given}, and its signature has {len(ranks)}")
        _check_cores(where, variables, cores[0] if cores else [()] * len(ranks))
        return _over_leading_axes(_checked_results(where, f, cores), variables, ranks)

    return vectorized


def vectorize_graph(outputs: Any, replace: Mapping[Variable, Any]) -> Any:
    """`outputs` (a variable, or a list or tuple of them) with variables replaced by arrays with more leading axes.

    These axes stretch against each other and stand in front in the results. Raises as `vectorize` does.
    """
    old, ends = list(replace), as_list(outputs)

    def build(*new: Variable) -> list[Variable]:
        return substitute(ends, dict(zip(old, new, strict=True)))

    variables = [as_variable(v) for v in replace.values()]
    _check_cores("vectorize_graph", variables, [tuple(map(str, range(v.ndim))) for v in old], named=False)
    return in_kind(outputs, as_list(_over_leading_axes(build, variables, [v.ndim for v in old])))


def _over_leading_axes(f: Build, arguments: Sequence[Variable], ranks: Sequence[int]) -> Any:
    """f batched over the outermost leading axis, which the arguments with most of them have, then over the next."""
    extra = [v.ndim - rank for v, rank in zip(arguments, ranks, strict=True)]
    most = max(extra, default=0)
    if not most:
        return f(*arguments)
    own = [n == most for n in extra]
    runs = [mine and v.type.shape[0] != 1 for mine, v in zip(own, arguments, strict=True)]
    if not any(runs):
        rest = [squeeze(v, 0) if mine else v for v, mine in zip(arguments, own, strict=True)]
        results = _over_leading_axes(f, rest, ranks)
        return in_kind(results, [expand_dims(y, 0) for y in as_list(results)])
    given = [squeeze(v, 0) if mine and not run else v for v, mine, run in zip(arguments, own, runs, strict=True)]

    def inner(*variables: Variable) -> Any:
        return _over_leading_axes(f, variables, ranks)

    return vmap(wraps(f)(inner), tuple(0 if run else None for run in runs))(*given)


def _parsed(where: str, signature: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The names of the axes of arguments and of results."""
    sides = signature.split("->")
    if len(sides) != 2 or any(CORE.sub("", side).replace(",", "").strip() for side in sides):
        raise ArgumentError(f'{where}: {signature!r} is no signature; one looks like "(m, n), (n) -> (m)"')
    left, right = ([_names(core) for core in CORE.findall(side)] for side in sides)
    return left, right


def _names(core: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in core.split(",")) if core else ()


def _check_cores(where: str, variables: Sequence[Variable], cores: Sequence[Sequence[str]], named: bool = True) -> None:
    known: dict[str, tuple[int, Variable]] = {}
    for v, core in zip(variables, cores, strict=True):
        if v.ndim < len(core):
            raise ShapeError(explain(f"{where}: an argument has {v.ndim} axes; at least {len(core)} are wanted", [v]))
        for name, n in zip(core, v.type.shape[v.ndim - len(core) :], strict=True) if named else ():
            if n is None:
                continue
            length, other = known.setdefault(name, (n, v))
            if n != length:
                raise ShapeError(explain(f"{where}: the axis {name} has the lengths {length} and {n}", [other, v]))


def _checked_results(where: str, f: Build, cores: Any) -> Build:
    @wraps(f)
    def checked(*arguments: Variable) -> Any:
        results = f(*arguments)
        if cores is None:
            return results
        found = [as_variable(y) for y in as_list(results)]
        if len(found) != len(cores[1]):
            raise ArgumentError(f"{where} returns {len(found)} results, and its signature has {len(cores[1])}")
        for y, core in zip(found, cores[1], strict=True):
            if y.ndim != len(core):
                raise ShapeError(explain(f"{where} returns {y.type} where the signature says ({', '.join(core)})", [y]))
        return in_kind(results, found)

    return checked
