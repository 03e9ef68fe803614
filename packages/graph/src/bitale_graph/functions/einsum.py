"""einsum: a sum of products written with labels, computed as pairwise contractions in a good order."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from bitale_graph.errors import ArgumentError, ShapeError, explain
from bitale_graph.functions.apply import as_variable
from bitale_graph.functions.arguments import to_one_dtype
from bitale_graph.functions.contraction import contract, drop_stretched, sum_labels
from bitale_graph.functions.contraction_order import Term, contraction_order, left_to_right
from bitale_graph.functions.movement import transpose
from bitale_graph.ops import elementwise as row
from bitale_graph.ops.control import Check
from bitale_graph.ops.movement import Diagonal
from bitale_graph.same_size import same_size
from bitale_graph.shapes import shape_of
from bitale_graph.variable import Variable


def einsum(subscripts: Any, *operands: Any, optimize: object = True, dtype: object = None) -> Variable:
    """numpy.einsum: `einsum("ij,jk->ik", x, y)`, or `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    Labels that the result lacks are summed; a label that stands twice in one operand takes the diagonal; an axis of
    length statically 1 stretches. Without `->` the result has the labels that stand once, in alphabetical order.
    More than two operands are contracted pairwise, in the cheapest order for up to six; from left to right if
    `optimize` is false. Everything is computed in `dtype`, if it is given. Raises ArgumentError for malformed
    subscripts and ShapeError for lengths that differ.
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists([subscripts, *operands])
    variables = [as_variable(each) for each in operands]
    labels, result = _parse(subscripts, variables)
    _check_lengths(variables, labels)
    diagonals = list(map(_diagonal, to_one_dtype(variables, dtype), labels))
    factors, labels = drop_stretched([x for x, _ in diagonals], [each for _, each in diagonals], "".join(labels))
    terms = list(zip(factors, labels, strict=True))
    for i, j in contraction_order(terms, result) if optimize else left_to_right(terms):
        second, first = terms.pop(j), terms.pop(i)
        wanted = result + "".join(each for _, each in terms)
        terms.append(_product(first, second, wanted, result if not terms else None))
    return _arranged(*terms[0], result)


def multi_dot(arrays: Sequence[Any]) -> Variable:
    """The product of several matrices in the cheapest order; the first and the last may be vectors."""
    variables = [as_variable(each) for each in arrays]
    if len(variables) < 2 or any(x.ndim != 2 for x in variables[1:-1]) or any(x.ndim not in (1, 2) for x in variables):
        raise ArgumentError(explain("multi_dot: two or more matrices are wanted; the ends may be vectors", variables))
    pairs = [ascii_letters[k : k + 2] for k in range(len(variables))]
    if variables[0].ndim == 1:
        pairs[0] = pairs[0][1:]
    if variables[-1].ndim == 1:
        pairs[-1] = pairs[-1][:1]
    ends = pairs[0][:-1] + pairs[-1][1:]
    return einsum(f"{','.join(pairs)}->{ends}", *variables)


def _from_lists(arguments: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Subscripts as text, from operands that alternate with lists of integers and Ellipsis."""
    operands, lists = list(arguments[::2]), list(arguments[1::2])
    result = operands.pop() if len(arguments) % 2 else None

    def text(items: Sequence[Any]) -> str:
        try:
            return "".join("..." if item is Ellipsis else ascii_letters[item] for item in items)
        except (TypeError, IndexError):
            raise ArgumentError(f"einsum: labels must be integers from 0 to 51 or Ellipsis, not {items!r}") from None

    subscripts = ",".join(map(text, lists))
    return (subscripts if result is None else f"{subscripts}->{text(result)}"), tuple(operands)


def _parse(subscripts: str, operands: Sequence[Variable]) -> tuple[list[str], str]:
    """The labels of each operand and of the result; axes under an ellipsis get labels that are no letters."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ArgumentError(
            explain(f"einsum: {subscripts!r} has {len(terms)} operands, {len(operands)} given", operands)
        )
    hidden = [
        x.ndim - len(term.replace("...", "")) if "..." in term else 0 for term, x in zip(terms, operands, strict=True)
    ]
    extra = "".join(chr(0x391 + k) for k in range(max(0, *hidden)))  # Α, Β, Γ, ...
    labels = [
        term.replace("...", extra[len(extra) - n :] if n > 0 else "", 1) for term, n in zip(terms, hidden, strict=True)
    ]
    used = "".join(labels)
    if not arrow:
        result = extra + "".join(sorted(label for label in set(used) - set(extra) if used.count(label) == 1))
    result = result.replace("...", extra, 1)
    for x, term, each in zip(operands, terms, labels, strict=True):
        if len(each) != x.ndim:
            raise ArgumentError(explain(f"einsum: {term!r} in {subscripts!r} does not label {x.ndim} axes", [x]))
    wrong = {label for label in used + result if not (label in ascii_letters or label in extra)}
    if wrong or len(set(result)) != len(result) or not set(result) <= set(used):
        why = (
            f"{sorted(wrong)} are no labels"
            if wrong
            else "every label of the result must be in an operand, and stand once"
        )
        raise ArgumentError(f"einsum: {subscripts!r} is malformed: {why}")
    return labels, result


def _check_lengths(operands: Sequence[Variable], labels: Sequence[str]) -> None:
    first: dict[str, tuple[int, int, int]] = {}
    for k, (x, each) in enumerate(zip(operands, labels, strict=True)):
        for axis, (label, n) in enumerate(zip(each, x.type.shape, strict=True)):
            if n is None or n == 1:
                continue
            length, other_axis, other = first.setdefault(label, (n, axis, k))
            if length != n:
                problem = (
                    f"einsum: label {label!r} has length {length} (axis {other_axis} of operand {other}) "
                    f"and {n} (axis {axis} of operand {k})"
                )
                raise ShapeError(explain(problem, dict.fromkeys([operands[other], x])))


def _diagonal(x: Variable, labels: str) -> Term:
    """x with one axis per label: repeated labels take the diagonal."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = Diagonal(0, i, j)(_square(x, label, i, j))
            labels = labels[:i] + labels[i + 1 : j] + labels[j + 1 :] + label
    return x, labels


def _square(x: Variable, label: str, i: int, j: int) -> Variable:
    """x, whose axes i and j have one length: checked now or when the function runs."""
    n, m = shape_of(x)[i], shape_of(x)[j]
    problem = f"einsum: label {label!r} stands for axes {i} and {j} of one operand, whose lengths differ"
    if same_size(n, m):
        return x
    if isinstance(n, int) and isinstance(m, int):
        raise ShapeError(explain(problem, [x]))
    return Check(problem)(x, row.equal(n, m))


def _product(left: Term, right: Term, wanted: str, result: str | None) -> Term:
    """Two terms as one that keeps the labels `wanted` elsewhere; batch axes come first unless `result` orders them."""
    (x, first), (y, second) = left, right
    if result is None:
        both = [label for label in first if label in second]
        own = [label for label in first + second if label not in both]
        result = "".join(label for label in (*both, *own) if label in wanted)
    return contract(x, y, first, second, result, "einsum"), result


def _arranged(x: Variable, labels: str, result: str) -> Variable:
    """The one term that is left, summed and transposed to the labels of the result."""
    x, labels = sum_labels(x, labels, result)
    return x if labels == result else transpose(x, [labels.index(label) for label in result])
