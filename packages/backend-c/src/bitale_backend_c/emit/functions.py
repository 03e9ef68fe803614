"""The C functions of a program's kernels.

The few kernels of a small program are all inlined into its entry point, which tells compilers most. In a large program
each loop is a function of its own, as the time that compilers take grows faster than the length of a function. Kernels
that differ only in names are one function: the layers of a network, the groups of a hierarchical model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bitale_backend_c.emit.kernel import KernelEmitter
from bitale_rewrite.loops.ir import Buffer, For, Kernel
from bitale_rewrite.loops.plan import is_large

DECLARED = re.compile(r"(?:double|float|_t|_Complex) \**(?:restrict )?(\w+)")
WORD = re.compile(r"\b[A-Za-z_]\w*")


class KernelFunctions:
    """`lines` define the functions; `emitter` and `name` are those of each kernel."""

    def __init__(self, kernels: Sequence[Kernel], aliased: dict[Buffer, Buffer], repeated: set[Kernel]) -> None:
        self.repeated = repeated  # by the steps of a loop: scalar code among them is part of that loop
        self.emitter = {kernel: KernelEmitter(kernel, aliased) for kernel in kernels}
        self.name = {kernel: kernel.name for kernel in kernels}
        self.lines: list[str] = []
        if is_large(kernels):
            self._share(kernels)
        else:
            for kernel in kernels:
                self._define(kernel, "BITALE_INLINE", self.emitter[kernel].text())

    def _share(self, kernels: Sequence[Kernel]) -> None:
        texts = [self.emitter[kernel].text() for kernel in kernels]
        forms = [nameless(text) for text in texts]
        first: dict[str, Kernel] = {}
        for kernel, form in zip(kernels, forms, strict=True):
            self.name[kernel] = first.setdefault(form, kernel).name
        count = Counter(forms)
        repeated = {form for kernel, form in zip(kernels, forms, strict=True) if kernel in self.repeated}
        for kernel, text, form in zip(kernels, texts, forms, strict=True):
            if first[form] is kernel:
                if count[form] > 1:
                    self.lines.append(f"/* The same for {count[form]} kernels, of which this is the first: */")
                apart = count[form] > 1 or any(isinstance(s, For) for s in kernel.body)
                scalar = not any(isinstance(s, For) for s in kernel.body)
                linkage = "BITALE_APART" if apart else "static"
                self._define(kernel, "BITALE_INLINE" if scalar and form in repeated else linkage, text)

    def _define(self, kernel: Kernel, linkage: str, text: str) -> None:
        self.lines += [*self.emitter[kernel].notes(), *f"{linkage} {text}".splitlines(), ""]


def nameless(text: str) -> str:
    """The text of a function with numbers for its own name and the names that it declares."""
    own = [text[: text.index("(")].split()[-1], *DECLARED.findall(text)]
    numbers = {name: f"${number}" for number, name in enumerate(dict.fromkeys(own))}
    return WORD.sub(lambda word: numbers.get(word[0], word[0]), text)
