"""The C functions of a program's kernels.

The few kernels of a small program are all inlined into its entry point, which tells compilers most. In a large program
each loop is a function of its own, as the time that compilers take grows faster than the length of a function. Kernels
that differ only in names and constant indices are one function: layers of a network, groups of a hierarchical model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bitale_backend_c.emit.across import worthwhile
from bitale_backend_c.emit.kernel import KernelEmitter
from bitale_rewrite.loops.across import in_tiles
from bitale_rewrite.loops.ir import Buffer, For, Kernel
from bitale_rewrite.loops.lower import unique_names
from bitale_rewrite.loops.plan import is_large

DECLARED = re.compile(r"(?:double|float|_t|_Complex) \**(?:restrict )?(\w+)")
PLACE = re.compile(r"\[(\d+)(?=[*\]])")  # a constant index, as the k of x[k]
WORD = re.compile(r"\b[A-Za-z_]\w*")


@dataclass(frozen=True)
class Tiled:
    """The form of a kernel that reads in tiles, the scratch that only this form needs, and the condition under which it
    gains: whatever the strides, if operands lie `across` as the kernel is written; else where rows are not contiguous.
    """

    kernel: Kernel
    scratch: list[Buffer]
    condition: str
    across: bool


class KernelFunctions:
    """`lines` define the functions; `emitter` and `name` are those of each kernel, `places` its last arguments, and
    `tiled` another form of those that may read across, for which there is memory if they run `once`."""

    def __init__(
        self, kernels: Sequence[Kernel], aliased: dict[Buffer, Buffer], repeated: set[Kernel], once: bool = True
    ) -> None:
        self.repeated = repeated  # by the steps of a loop: scalar code among them is part of that loop
        self.emitter = {kernel: KernelEmitter(kernel, aliased) for kernel in kernels}
        self.name = {kernel: kernel.name for kernel in kernels}
        self.places: dict[Kernel, list[str]] = {}
        self.tiled: dict[Kernel, Tiled] = {}
        self.lines: list[str] = []
        if is_large(kernels):
            self._share(kernels)
        else:
            for kernel in kernels:
                self._define(kernel, "BITALE_INLINE", self.emitter[kernel].text())
        for kernel in kernels:
            if once and kernel not in repeated:
                self._cut(kernel, aliased)

    def _cut(self, kernel: Kernel, aliased: dict[Buffer, Buffer]) -> None:
        """Define the form of a kernel that reads in tiles, if it has one."""
        words = set(WORD.findall(self.emitter[kernel].text()))
        body, pairs = in_tiles(kernel.body, unique_names(words.__contains__))
        if len(pairs) == 1 and self._is_known(kernel, condition := worthwhile(pairs[0])):
            scratch = list(pairs[0].tiles.values())
            form = Kernel(f"{kernel.name}_in_tiles", body, kernel.note, [*kernel.scratch, *scratch])
            self.tiled[kernel] = Tiled(form, scratch, condition, pairs[0].across)
            self.name[form], self.emitter[form] = form.name, KernelEmitter(form, aliased)
            self._define(form, "BITALE_APART", self.emitter[form].text())

    def _is_known(self, kernel: Kernel, condition: str) -> bool:
        """Whether a condition says nothing but what is known before the kernel runs."""
        given = self.emitter[kernel].parameters
        strides = {f"{b.name}_s{axis}" for b in given.buffers for axis in range(len(b.shape))}
        names = strides.union(n.name for n in given.names)
        return names.issuperset(WORD.findall(condition))

    def _share(self, kernels: Sequence[Kernel]) -> None:
        """Define one function for each group of kernels alike: where their places differ, it takes them."""
        texts = {kernel: self.emitter[kernel].text() for kernel in kernels}
        groups: dict[str, list[Kernel]] = {}
        for kernel, text in texts.items():
            groups.setdefault(nameless(PLACE.sub("[#", text)), []).append(kernel)
        for group in groups.values():
            first = group[0]
            text, places = placed(texts[first], list(zip(*[PLACE.findall(texts[each]) for each in group], strict=True)))
            if len(group) > 1:
                self.lines.append(f"/* The same for {len(group)} kernels, of which this is the first: */")
            self._define(first, self._linkage(group), text)
            for number, kernel in enumerate(group):
                self.name[kernel] = first.name
                self.places[kernel] = [place[number] for place in places]

    def _linkage(self, group: list[Kernel]) -> str:
        if any(isinstance(s, For) for s in group[0].body):
            return "BITALE_APART"
        return "static" if self.repeated.isdisjoint(group) else "BITALE_INLINE"

    def _define(self, kernel: Kernel, linkage: str, text: str) -> None:
        self.lines += [*self.emitter[kernel].notes(), *f"{linkage} {text}".splitlines(), ""]


def nameless(text: str) -> str:
    """The text of a function with numbers for its own name and the names that it declares."""
    own = [text[: text.index("(")].split()[-1], *DECLARED.findall(text)]
    numbers = {name: f"${number}" for number, name in enumerate(dict.fromkeys(own))}
    return WORD.sub(lambda word: numbers.get(word[0], word[0]), text)


def placed(text: str, columns: list[tuple[str, ...]]) -> tuple[str, list[tuple[str, ...]]]:
    """A function that takes those of its constant indices that differ between kernels, and these indices.

    `columns` has, for each such place in the text, the index that stands there in each of the kernels.
    """
    differing = list(dict.fromkeys(column for column in columns if len(set(column)) > 1))
    names = {column: f"at_{number}" for number, column in enumerate(differing)}
    rest = iter(columns)
    head, end, body = PLACE.sub(lambda place: f"[{names.get(next(rest), place[1])}", text).partition(") {\n")
    return head + "".join(f", int64_t {name}" for name in names.values()) + end + body, differing
