"""A variable as a reader would write it: `exp(x - max(x, axis=1)[:, None])`. Tables say how each op is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bitale_graph.infix import ATOM, PRODUCT, SIGN, Form, Operand, applied, called, filled, render
from bitale_graph.ops.contraction import Contract
from bitale_graph.ops.control import Check, Composite
from bitale_graph.ops.elementwise import Elementwise
from bitale_graph.ops.fft import Fft, Irfft
from bitale_graph.ops.indexing import Gather, Scatter
from bitale_graph.ops.movement import (
    Broadcast,
    Concatenate,
    Dimension,
    ExpandDims,
    Iota,
    Reshape,
    SetSlice,
    Slice,
    Squeeze,
    Transpose,
)
from bitale_graph.ops.reduction import ArgReduce, Cumulate, Reduce
from bitale_graph.shapes import shape_of
from bitale_graph.sizes import Size
from bitale_graph.table import RuleTable
from bitale_graph.text import constant_text
from bitale_graph.variable import Apply, Constant, Variable, parameters

REAL = ("cast_float32", "cast_float64")
DOTS = Form(["..."])
FORMS: RuleTable[Callable[[Apply], Form]] = RuleTable("form in text")
LIGHT = (Broadcast, ExpandDims, Reshape, Squeeze, Transpose)
REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
PRODUCTS = {  # Contract's labels -> the product of matrices and vectors
    ("ab", "bc", "ac"): "{} @ {}", ("ab", "b", "a"): "{} @ {}", ("a", "ab", "b"): "{} @ {}", ("a", "a", ""): "{} @ {}",
    ("ab", "cb", "ac"): "{} @ {}.T", ("ab", "ac", "bc"): "{}.T @ {}", ("ab", "a", "b"): "{}.T @ {}",
    ("abc", "acd", "abd"): "{} @ {}",
}  # fmt: skip


def expression(variable: Variable, limit: int = 200) -> str:
    """The expression that computes `variable`, on one line of at most about `limit` characters.

    Named variables inside it stand by their names. What is too deep for the line becomes dots.
    """
    forms: dict[Variable, Form] = {}
    hidden = True

    def form(v: Variable, depth: int) -> Form:
        nonlocal hidden
        inside = v.owner is not None and (not v.name or v is variable)
        if inside and depth < 1 + _is_light(v):
            hidden = True
            return DOTS
        if v not in forms:
            forms[v] = form_of(v) if inside else _leaf(v)
        return forms[v]

    text = "..." if variable.owner is None else f"{variable.owner.op.name}(...)"
    depth = 0
    while hidden and depth < limit:
        depth, hidden = depth + 1, False
        shown = render(variable, form, limit, depth)
        if shown is None:
            break
        text = shown
    return text


def form_of(v: Variable) -> Form:
    """How the application that computes `v` is written."""
    assert v.owner is not None
    node = v.owner
    if v.read is not None:
        return _as_written(*v.read)
    form = (FORMS.find(node.op) or _call)(node)
    return form if len(node.outputs) == 1 else Form([*form.parts, f"[{v.index}]"])


def _is_light(v: Variable) -> bool:
    """Whether v is another array moved: dots stand for both rather than for the array alone."""
    x = v.owner.inputs[0] if v.owner is not None and isinstance(v.owner.op, LIGHT) else None
    return x is not None and x.owner is not None and not x.name


def _leaf(v: Variable) -> Form:
    if v.name or not isinstance(v, Constant):
        return Form([v.name or f"<{v.type}>"])
    text = constant_text(v.data) if v.ndim else str(v.data[()]).removesuffix(".0")
    return Form([text], SIGN if text.startswith("-") else ATOM)


def _call(node: Apply) -> Form:
    """An op without a row: its name, its inputs, and those of its parameters that read well."""
    given = dict(node.op.key) if isinstance(node.op, Composite) else parameters(node.op)
    words = [f"{name}={value}" for name, value in given.items() if isinstance(value, (int, float, str, tuple))]
    return called(node.op.name, node.inputs, *words)


@FORMS.register(Elementwise)
def _elementwise(node: Apply) -> Form:
    return applied(node.op.function.name, [_implied(v, len(node.inputs) == 1) for v in node.inputs])


def _implied(v: Variable, alone: bool = False) -> Variable:
    """What NumPy makes v of by itself: `x + b`, not `x + broadcast(b[None])`; an operand `alone` gives the shape."""
    inner = v
    while inner.owner is not None and not inner.name and inner.owner.inputs:
        op, x = inner.owner.op, inner.owner.inputs[0]
        leading = isinstance(op, ExpandDims) and (x.ndim == 0 or op.axes == tuple(range(len(op.axes))))
        count = not alone and x.ndim == 0 and x.dtype == "int64" and isinstance(op, Elementwise) and op.name in REAL
        if not leading and not count and not isinstance(op, Broadcast):
            break
        inner = x
    return v if alone and inner.ndim else inner


@FORMS.register(Check)
def _itself(node: Apply) -> Form:
    """Its first input."""
    return filled("{}", [Operand(node.inputs[0], ATOM)])


# ---- movement ----


@FORMS.register(ExpandDims)
def _expand_dims(node: Apply) -> Form:
    if not node.op.axes:
        return _itself(node)
    places = ["None" if axis in node.op.axes else ":" for axis in range(node.outputs[0].ndim)]
    while places[-1] == ":":
        places.pop()
    return _indexed(node.inputs[0], [", ".join(places)])


@FORMS.register(Squeeze)
def _squeeze(node: Apply) -> Form:
    return called("squeeze", node.inputs, str(node.op.axes))


@FORMS.register(Broadcast)
def _broadcast(node: Apply) -> Form:
    x, *lengths = node.inputs
    value, shape = _implied(x), _lengths(node.op.shape)
    if value.ndim:
        return filled(f"broadcast_to({{}}, {shape})", [*map(Operand, node.inputs)])
    return filled(f"full({shape}, {{}})", [*map(Operand, lengths), Operand(value)])


@FORMS.register(Reshape)
def _reshape(node: Apply) -> Form:
    return filled(f"reshape({{}}, {_lengths(node.op.shape)})", [*map(Operand, node.inputs)])


def _lengths(shape: Sequence[int | None]) -> str:
    """A shape with gaps for the lengths that are inputs."""
    return f"({', '.join('{}' if n is None else str(n) for n in shape)}{',' if len(shape) == 1 else ''})"


@FORMS.register(Transpose)
def _transpose(node: Apply) -> Form:
    if node.op.axes == (1, 0):
        return filled("{}.T", [Operand(node.inputs[0], ATOM)])
    return called("transpose", node.inputs, str(node.op.axes))


@FORMS.register(Dimension)
def _dimension(node: Apply) -> Form:
    return filled(f"{{}}.shape[{node.op.axis}]", [Operand(node.inputs[0], ATOM)])


@FORMS.register(Iota)
def _iota(node: Apply) -> Form:
    return called("arange", node.inputs, *([] if node.op.length is None else [str(node.op.length)]))


@FORMS.register(Concatenate)
def _concatenate(node: Apply) -> Form:
    items = ", ".join(["{}"] * len(node.inputs))
    return filled(f"concatenate([{items}], axis={node.op.axis})", [*map(Operand, node.inputs)])


@FORMS.register(Slice)
def _slice(node: Apply) -> Form:
    return _indexed(node.inputs[0], _window(node, node.inputs[1:]))


@FORMS.register(SetSlice)
def _set_slice(node: Apply) -> Form:
    x, y, *bounds = node.inputs
    return Form([*_indexed(x, _window(node, bounds)).parts, ".set(", Operand(_implied(y)), ")"])


def _window(node: Apply, unknown: Sequence[Variable]) -> list[str | Operand]:
    """start:stop:step of each axis."""
    op, x = node.op, node.inputs[0]
    rest = iter(unknown)
    bounds = [next(rest) if n is None else n for n in (*op.starts, *op.lengths, *op.steps)]
    parts: list[str | Operand] = []
    for axis in range(x.ndim):
        parts += [", "] if axis else []
        start, length, step = bounds[axis :: x.ndim]
        parts += _range(start, length, step, shape_of(x)[axis])
    while parts[-3:] == [", ", ":", ""]:
        del parts[-3:]
    return parts


def _range(start: Size, length: Size, step: Size, whole: Size) -> list[str | Operand]:
    """start:stop:step; a stop that takes arithmetic becomes dots."""
    stop = "" if length is whole else "..."
    if isinstance(start, int) and isinstance(length, int) and isinstance(step, int):
        end = start + (length - 1) * step + (1 if step > 0 else -1)
        stop = "" if end in (-1, whole) else str(end)
    return [*([] if start == 0 else [_number(start)]), ":", stop, *([] if step == 1 else [":", _number(step)])]


def _number(n: Size) -> str | Operand:
    """A bound; minimum(1, length) is 1."""
    if isinstance(n, Variable) and n.owner is not None and str(n.owner.op) == "minimum":
        n = next((v for v in n.owner.inputs if isinstance(v, Constant)), n)
    return str(n) if isinstance(n, int) else Operand(n)


def _as_written(x: Variable, key: Any) -> Form:
    """x[key] as the user wrote it."""
    items = key if isinstance(key, tuple) else (key,)
    parts: list[str | Operand] = []
    for k, item in enumerate(items):
        parts += [", "] if k else []
        if isinstance(item, slice):
            ends = [item.start, item.stop] if item.step is None else [item.start, item.stop, item.step]
            texts = [[] if end is None else [_item(end)] for end in ends]
            parts += [part for j, text in enumerate(texts) for part in ([":", *text] if j else text)]
        else:
            parts.append(_item(item))
    return _indexed(x, parts)


def _item(item: Any) -> str | Operand:
    if isinstance(item, Variable):
        return Operand(item)
    return "..." if item is Ellipsis else str(item) if item is None else constant_text(np.asarray(item))


# ---- reductions, products, transforms, indices ----


@FORMS.register(Reduce)
def _reduce(node: Apply) -> Form:
    name, axes = node.op.function.name, node.op.axes
    everything = axes == tuple(range(node.inputs[0].ndim))
    axis = f"axis={axes[0] if len(axes) == 1 else axes}"
    return called(REDUCTIONS.get(name, name), node.inputs, *([] if everything else [axis]))


@FORMS.register(ArgReduce, Cumulate)
def _along_an_axis(node: Apply) -> Form:
    short = REDUCTIONS[node.op.function.name]
    return called(("arg" if isinstance(node.op, ArgReduce) else "cum") + short, node.inputs, f"axis={node.op.axis}")


@FORMS.register(Contract)
def _contract(node: Apply) -> Form:
    op = node.op
    pattern = PRODUCTS.get((op.left, op.right, op.result))
    if pattern is None:
        return filled(f'einsum("{op.left},{op.right}->{op.result}", {{}}, {{}})', [*map(Operand, node.inputs)])
    x, y = node.inputs
    left, right = ATOM if "{}.T @" in pattern else PRODUCT, ATOM if "@ {}.T" in pattern else SIGN
    return filled(pattern, [Operand(x, left), Operand(y, right)], PRODUCT)


@FORMS.register(Fft, Irfft)
def _transform(node: Apply) -> Form:
    """In the user's functions: inverse ones that do not divide by n."""
    length = [str(node.op.length)] if isinstance(node.op, Irfft) and node.op.length is not None else []
    return called(node.op.name, node.inputs, *length, *([] if node.op.name == "fft" else ['norm="forward"']))


@FORMS.register(Gather)
def _gather(node: Apply) -> Form:
    x, *indices = node.inputs
    axes = node.op.axes
    if axes == tuple(range(len(axes))):
        return _indexed(x, _listed(indices))
    return called("take", node.inputs, f"axis={axes[0] if len(axes) == 1 else axes}")


@FORMS.register(Scatter)
def _scatter(node: Apply) -> Form:
    x, updates, *indices = node.inputs
    axes = node.op.axes
    if axes != tuple(range(len(axes))):
        return called(node.op.name, node.inputs, f"axis={axes[0] if len(axes) == 1 else axes}")
    method = "set" if node.op.function is None else node.op.function.name
    return Form([*_indexed(x, _listed(indices)).parts, f".{method}(", Operand(_implied(updates)), ")"])


def _listed(variables: Sequence[Variable]) -> list[str | Operand]:
    return [part for k, v in enumerate(variables) for part in ([", "] if k else []) + [Operand(v)]]


def _indexed(x: Variable, index: Sequence[str | Operand]) -> Form:
    return Form([Operand(x, ATOM), "[", *index, "]"])
