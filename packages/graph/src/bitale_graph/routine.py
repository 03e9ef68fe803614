"""Routine: what the ops have in common that work on whole matrices or rows, such as decompositions and transforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from bitale_graph.dtypes import COMPLEX
from bitale_graph.errors import DtypeError, MatrixShapeError, ShapeError
from bitale_graph.sizes import Size, size_minimum
from bitale_graph.types import TensorType, tensor_type
from bitale_graph.variable import Op

Length = TypeVar("Length")
PRECISE = ("float32", "float64", *COMPLEX)


class Routine(Op):
    """An op on the last axes of its inputs, for which libraries have a routine. All axes before these are a batch, the
    same for all inputs, and each of its elements is worked on alone.

    `signature` labels the last axes: "nn,nk->nk" takes a square matrix and one with as many rows. What only results
    have is said by `found`. `problem` completes the sentence "the matrix ..." where a routine may fail when it runs.
    """

    signature: str = ""
    problem: str | None = None
    takes: tuple[str, ...] = PRECISE

    @property
    def operands(self) -> list[str]:
        """The labels of each input's last axes."""
        return self.signature.split("->")[0].split(",")

    @property
    def results(self) -> list[str]:
        """The labels of each output's last axes."""
        return self.signature.split("->")[1].split(",")

    @property
    def labels(self) -> list[str]:
        """The labels of the inputs, in order of appearance."""
        return list(dict.fromkeys("".join(self.operands)))

    def found(self, lengths: Mapping[str, Size]) -> dict[str, Size]:
        """The lengths of labels that only results have. Of matrices these are the smaller of m and n."""
        return {"k": size_minimum(lengths["m"], lengths["n"])} if "m" in lengths and "n" in lengths else {}

    def at(self, sizes: Sequence[int]) -> Routine:
        """The op where its lengths are known: those of the batch and of what the routine takes."""
        return self

    def dtypes(self, dtype: str) -> list[str]:
        """The dtypes of the outputs where the inputs have `dtype`."""
        return [dtype] * len(self.results)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        self.check_dtypes(inputs)
        first = self.operands[0]
        for labels, x in zip(self.operands, inputs, strict=True):
            if x.ndim - len(labels) != inputs[0].ndim - len(first) or x.ndim < len(labels):
                shown = " and ".join(map(str, inputs))
                raise ShapeError(f"{self.name}: the arrays {shown} do not have the axes of `{self.signature}`")
        lengths: dict[str, int | None] = {}
        for what, label, places in self.agreements([x.ndim for x in inputs]):
            known = {n for number, axis in places if (n := inputs[number].shape[axis]) is not None}
            if len(known) > 1:
                n, m = sorted(known)[:2]
                raise MatrixShapeError(f"{self.name}: {what} has the lengths {n} and {m}")
            lengths[label] = next(iter(known), None)
        batch = [lengths[str(axis)] for axis in range(inputs[0].ndim - len(first))]
        known_sizes = {label: n for label, n in lengths.items() if n is not None}
        further = self.found(known_sizes) if len(known_sizes) == len(lengths) else {}
        shapes = [(*batch, *(further.get(label, lengths.get(label)) for label in labels)) for labels in self.results]
        kinds = self.dtypes(inputs[0].dtype)
        return tuple(tensor_type(kind, shape) for kind, shape in zip(kinds, shapes, strict=True))  # type: ignore[arg-type]

    def agreements(self, ranks: Sequence[int]) -> list[tuple[str, str, list[tuple[int, int]]]]:
        """What must have one length, given the ranks of the inputs: what it is, its label (for an axis of the batch,
        its number), and its places: inputs and axes."""
        places: dict[str, list[tuple[int, int]]] = {}
        for number, (labels, rank) in enumerate(zip(self.operands, ranks, strict=True)):
            split = rank - len(labels)
            for axis, label in enumerate([*map(str, range(split)), *labels]):
                places.setdefault(label, []).append((number, axis))
        square = {label for labels in self.operands for label in labels if labels.count(label) > 1}
        return [(_described(label, label in square), label, found) for label, found in places.items()]

    def check_dtypes(self, inputs: Sequence[TensorType]) -> None:
        """Raise DtypeError where the inputs do not have one dtype that the routine is there for."""
        for x in inputs:
            if x.dtype not in self.takes or x.dtype != inputs[0].dtype:
                shown = " and ".join(dict.fromkeys(each.dtype for each in inputs))
                raise DtypeError(f"{self.name}: no routine for {shown}; cast to one of {', '.join(self.takes)}")

    def core(self, number: int, rank: int) -> range:
        """The last axes, of input `number`, that are not a batch, if it has `rank` axes."""
        return range(rank - len(self.operands[number]), rank)

    def measured(self, lengths: Iterable[Sequence[Length]]) -> tuple[list[Length], dict[str, Length]]:
        """The batch, and the length of each label, given the lengths of all inputs' axes."""
        batch: list[Length] = []
        found: dict[str, Length] = {}
        for labels, shape in zip(self.operands, lengths, strict=True):
            split = len(shape) - len(labels)
            batch = batch or list(shape[:split])
            for label, n in zip(labels, shape[split:], strict=True):
                found.setdefault(label, n)
        return batch, found


class Transform(Routine):
    """A transform of rows of at least one number."""

    def check(self, x: TensorType) -> None:
        """Raise DtypeError or ShapeError for what cannot be transformed."""
        if x.dtype not in self.takes:
            raise DtypeError(f"{self.name}: {' or '.join(self.takes)} is wanted, not {x.dtype}")
        if not x.ndim:
            raise ShapeError(f"{self.name}: a scalar has no axis to transform")
        self.check_points(x.shape[-1])

    def check_points(self, n: int | None) -> None:
        """Raise ShapeError for less than one point."""
        if n is not None and n < 1:
            raise ShapeError(self.too_few.format(n))

    @property
    def too_few(self) -> str:
        """What is wrong with less than one point, of which there are {0}. A transform may do another one's work."""
        return "fft: the number of points must be at least 1, not {0}"


def _described(label: str, square: bool) -> str:
    if label.isdigit():
        return f"axis {label}"
    return "a matrix that is to be square" if square else f"axis `{label}`"
