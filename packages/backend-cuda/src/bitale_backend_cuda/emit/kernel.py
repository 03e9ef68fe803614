"""One launch as CUDA text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from bitale_backend_c.emit.expressions import is_strided, text
from bitale_backend_c.emit.kernel import Parameters, parameters
from bitale_backend_c.emit.names import comment
from bitale_backend_cuda.across import Across, across_of
from bitale_backend_cuda.chunks import in_chunks
from bitale_backend_cuda.emit.across import TileEmitter
from bitale_backend_cuda.emit.groups import GroupEmitter
from bitale_backend_cuda.emit.indices import divisors, index_lines
from bitale_backend_cuda.emit.operators import operator_name
from bitale_backend_cuda.emit.packs import PackEmitter
from bitale_backend_cuda.emit.runs import RunEmitter
from bitale_backend_cuda.emit.statements import INDENT, ThreadEmitter
from bitale_backend_cuda.emit.types import TYPES, in_cuda
from bitale_backend_cuda.groups import BLOCK, NAMES, choices
from bitale_backend_cuda.guards import Flag
from bitale_backend_cuda.launch import Form, Launch, is_single, needed
from bitale_backend_cuda.packs import Packs, packs_of
from bitale_backend_cuda.running import rows_in_chunks
from bitale_backend_cuda.runs import Runs, runs_of
from bitale_rewrite.loops.integers import product
from bitale_rewrite.loops.ir import Buffer, Fail, Name, Value
from bitale_rewrite.loops.touched import statements

THREAD, THREADS = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x", "(int64_t)gridDim.x * blockDim.x"


@dataclass
class LaunchEmitter:
    """Prints one launch. `checked`: kernels do nothing once a check of the program has failed; nor where a `flag` is
    off."""

    launch: Launch
    checked: bool
    aliased: dict[Buffer, Buffer]
    final: bool = False  # there are no other ways
    flag: Flag | None = None
    prepared: bool = True  # the host prepares the divisors of indices
    own_rows: bool = False  # a block does some rows of the outer loop, and no other block does

    @cached_property
    def parameters(self) -> Parameters:
        """The buffers and names that the kernel takes, in order."""
        found = parameters(self.launch.as_kernel())
        for _, parts in self.launch.gathered:
            found.buffers.append(parts)
            found.written.add(parts)
        return found

    @cached_property
    def chunked(self) -> list[LaunchEmitter]:
        """Launches that the host chooses instead: where there is much to do, or few iterations have long loops."""
        in_place = any(buffer.root in self.aliased for buffer in self.parameters.written)
        if self.launch.instead:
            return list(map(self._instead, self.launch.instead))
        found = [] if self.final or in_place else in_chunks(self.launch) or rows_in_chunks(self.launch)
        for number, launch in enumerate(found):
            launch.name = f"{self.launch.name}_chunks{number + 1}"
            launch.before = needed(launch)
        return list(map(self._instead, found))

    def _instead(self, launch: Launch) -> LaunchEmitter:
        return LaunchEmitter(launch, self.checked, self.aliased, True, self.flag)

    @property
    def all(self) -> list[LaunchEmitter]:
        """This launch, and those instead of it."""
        return [self, *self.chunked]

    @cached_property
    def across(self) -> Across | None:
        """How a second kernel goes by tiles."""
        return across_of(self.launch, {*self.aliased, *self.aliased.values()})

    @cached_property
    def packs(self) -> Packs | None:
        """How a second kernel takes several elements at a time."""
        return None if self.across or self.runs else packs_of(self.launch)

    @cached_property
    def runs(self) -> Runs | None:
        """How threads share random bits."""
        return None if self.across else runs_of(self.launch)

    @property
    def names(self) -> list[str]:
        """What the kernel is called: with packs or tiles, too, or by the number of lanes of a group."""
        if self.launch.form is not Form.GROUPS:
            second = "packs" if self.packs else "tiles" if self.across else ""
            return [self.launch.name, f"{self.launch.name}_{second}"] if second else [self.launch.name]
        if not self.launch.spread:
            return [self.launch.name]
        return [f"{self.launch.name}_{NAMES[lanes]}" for lanes in self.lanes]

    @cached_property
    def lanes(self) -> list[int]:
        """The numbers of lanes for which there are kernels."""
        return choices(self.launch)

    def lines(self) -> list[str]:
        """Comments and the kernel; for groups a template, and its instances for a warp and a block."""
        notes = [comment(line) for line in self.launch.note]
        signature = ", ".join(self._signature())
        if self.launch.form is not Form.GROUPS or not self.launch.spread:
            lines = notes
            for name, how in zip(self.names, (None, self.packs or self.across), strict=False):
                head = f'extern "C" __global__ void __launch_bounds__({self._bounds}) {name}({signature}) {{'
                lines += [head, *map(in_cuda, self._body(how)), "}", ""]
            return lines
        lines = [*notes, f"template <int G> __device__ __forceinline__ void {self.launch.name}({signature}) {{"]
        lines += [*map(in_cuda, self._body()), "}"]
        for name, lanes in zip(self.names, self.lanes, strict=True):
            head = f'extern "C" __global__ void __launch_bounds__({self._bounds}) {name}({signature})'
            lines.append(f"{head} {{ {self.launch.name}<{lanes}>({self.given}); }}")
        return [*lines, ""]

    @property
    def given(self) -> str:
        """The names of the parameters."""
        return ", ".join(declared.split()[-1].lstrip("*") for declared in self._signature())

    @cached_property
    def divisors(self) -> list[tuple[Name, Value]]:
        """What the host prepares for the indices."""
        return divisors(self.launch) if self.prepared else []

    def function(self, suffix: str) -> list[str]:
        """The kernel as a function that a step of a loop calls; memory that it reads may change from step to step."""
        inner = replace(self, prepared=False)
        rows = ["int64_t first_row", "int64_t end_row"] if self.own_rows else []
        signature = ", ".join([*inner._signature(), *rows]).replace("__restrict__ ", "")
        template = "template <int G> " if self.launch.spread and self.launch.form is Form.GROUPS else ""
        head = f"{template}__device__ __forceinline__ void {self.launch.name}{suffix}({signature}) {{"
        return [head, *map(in_cuda, inner._body()), "}", ""]

    @property
    def _bounds(self) -> str:
        """The threads of a block; for groups and chunks as many registers as four blocks leave to each."""
        form = self.launch.form
        return f"{BLOCK}, 4" if form is Form.GROUPS or (self.final and form is Form.THREADS) else f"{BLOCK}"

    def _signature(self) -> list[str]:
        found = [*(["int64_t *status"] if self.checked else []), *(["const int64_t *off"] if self.flag else [])]
        shared = set(self.aliased) | set(self.aliased.values())
        for buffer in self.parameters.buffers:
            constant = "" if buffer in self.parameters.written else "const "
            restrict = "" if buffer in shared or self.launch.atomic else "__restrict__ "
            name = f"{buffer.name}_all" if buffer.kind == "scratch" else buffer.name
            found.append(f"{constant}{TYPES[buffer.dtype]} *{restrict}{name}")
            if is_strided(buffer):
                found.extend(f"int64_t {buffer.name}_s{axis}" for axis in range(len(buffer.shape)))
        names = [*self.parameters.names, *(name for name, _ in self.divisors)]
        return found + [f"int64_t {name.name}" for name in names]

    # ---- forms -------------------------------------------------------------------------------------------------------

    def _body(self, how: Packs | Across | None = None) -> list[str]:
        checked = ["if (*status) return;"] if self.checked and not self._fails else []
        checked += ["if (*off) return;"] if self.flag else []
        if self.launch.form is Form.GROUPS:
            lines = self._groups()
        else:
            lines = self._threads(how) if self.launch.form is Form.THREADS else self._total(how)
        return [f"{INDENT}{line}" for line in [*checked, *lines]]

    @property
    def _fails(self) -> bool:
        return any(isinstance(s, Fail) for s in statements(self.launch.body))

    def _threads(self, how: Packs | Across | None) -> list[str]:
        emitter = ThreadEmitter(self.launch.atomic)
        emitter.body(self.launch.before, 0)
        if is_single(self.launch):
            emitter.lines += self._rows("0")
            emitter.body(self.launch.body, 0)
            return emitter.lines
        return [*emitter.lines, *self._share(how)]

    def _share(self, how: Packs | Across | None) -> list[str]:
        """The loop in which a thread, or a block, takes its share of the iterations."""
        if isinstance(how, Across):
            return TileEmitter(how).tiles(self.launch.body)
        if self.runs and self.prepared:
            return RunEmitter(self.runs).blocks(self.launch.body, THREAD, THREADS)
        rows = [INDENT + line for line in self._rows(f"({THREAD})")]
        if how:
            lines = [*self._spread(how), *rows, *PackEmitter(how).pack(self.launch.body), "}"]
            return [*lines, *self._rest(how)] if how.flat else lines
        emitter = ThreadEmitter(self.launch.atomic)
        emitter.body(self.launch.body, 1)
        return [*self._spread(None), *rows, *emitter.lines, "}"]

    def _groups(self) -> list[str]:
        emitter = GroupEmitter(wide=self.prepared and not self.final)
        emitter.body(self.launch.before, 0)
        if not self.launch.spread:
            emitter.body(self.launch.body, 0)
            return [f"const int G = {BLOCK}, lane = threadIdx.x;", *self._rows("0"), *emitter.lines]
        lines = ["const int lane = threadIdx.x % G;"]
        start, end, step = self._range(" / G")
        before, emitter.lines = emitter.lines, []
        emitter.body(self.launch.body, 1)
        lines += [*before, *self._rows(start)]
        loop = f"for (int64_t row = {start}; row < {end}; row += {step}) {{"
        return [*lines, loop, *self._indices("row"), *emitter.lines, "}"]

    def _total(self, how: Packs | Across | None) -> list[str]:
        emitter = ThreadEmitter()
        emitter.body(self.launch.before, 0)
        lines = [*emitter.lines, *self._share(how)]
        for step, parts in self.launch.gathered:
            assert isinstance(step.target, Name)
            name, operator = step.target.name, operator_name(step.function, step.target.dtype)
            lines.append(f"{name} = bitale_gather<{BLOCK}>({name}, {operator}());")
            lines.append(f"if (threadIdx.x == 0) {parts.name}[blockIdx.x] = {name};")
        return lines

    # ---- indices -----------------------------------------------------------------------------------------------------

    def _count(self) -> str:
        return text(self.launch.count)

    def _range(self, lanes: str) -> tuple[str, str, str]:
        """The first iteration of a thread, or of a group of so many `lanes`; their end, and the way to the next."""
        if not self.own_rows:
            return f"({THREAD}){lanes}" if lanes else THREAD, self._count(), f"{THREADS}{lanes}"
        size = text(product(tuple(n for _, n in self.launch.spread[1:])))
        return f"first_row * ({size}) + threadIdx.x{lanes}", f"end_row * ({size})", f"blockDim.x{lanes}"

    def _spread(self, packs: Packs | None) -> list[str]:
        """The loop in which a thread takes its share of the iterations."""
        start, upto, step = self._range("")
        if packs:
            start, step = f"{packs.width} * ({THREAD})", f"{packs.width} * {THREADS}"
        end = f"element + {packs.width - 1}" if packs and packs.flat else "element"
        loop = f"for (int64_t element = {start}; {end} < {upto}; element += {step}) {{"
        return [loop, *([] if packs and packs.flat else self._indices("element"))]

    def _rest(self, packs: Packs) -> list[str]:
        """The elements that are no whole pack: one for each of the first threads."""
        element = f"{self._count()} / {packs.width} * {packs.width} + {THREAD}"
        lines = PackEmitter(packs).single(self.launch.body)
        return [f"if (const int64_t element = {element}; element < {self._count()}) {{", *lines, "}"]

    def _indices(self, number: str) -> list[str]:
        return [INDENT + line for line in index_lines(self.launch, number, self.prepared)]

    def _rows(self, number: str) -> list[str]:
        """The rows of scratch of one thread or group."""
        lines = []
        for row in self.launch.scratch:
            ctype, size = TYPES[row.dtype], text(product(row.shape))
            lines.append(f"{ctype} *const {row.name} = {row.name}_all + {number} * ({size});")
        return lines
