"""Neighbouring elements that one thread takes together: 16 bytes of an array are one load or store.

A launch whose arrays are walked along their last axis has a second kernel that takes packs. The host chooses it where
rows lie as that needs:

    flat    all arrays are indexed by exactly the indices of the launch: an element's number is its place
    rows    else: packs do not cross the ends of rows, and what stands still along a row is read for each element
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bitale_backend_c.emit.expressions import is_strided
from bitale_backend_cuda.launch import Form, Launch
from bitale_rewrite.loops.ir import Accumulate, Buffer, Call, Let, Literal, Load, Name, Statement, Store, Value
from bitale_rewrite.loops.touched import values_of
from bitale_rewrite.loops.values import everything_in, parts

BYTES = 16  # of the widest load
MOST = 8  # elements of a pack
MOST_ARRAYS, MOST_CALLS = 10, 48  # beyond these, packs take more registers than they are worth
FEWEST = 4096  # elements from which a known count is worth a kernel of its own


@dataclass(eq=False)
class Packs:
    """`width` elements at a time; `places` are the elements that come as packs, of which `loaded` are read first."""

    launch: Launch
    width: int
    places: list[Load]
    loaded: list[Load]
    flat: bool

    @property
    def alignment(self) -> int:
        """The bytes to which all arrays must be aligned."""
        return max(min(BYTES, self.width * _itemsize(place.buffer)) for place in self.places)


def packs_of(launch: Launch, fewest: int = FEWEST) -> Packs | None:
    """How a launch takes packs; None where it cannot, or where it is not worth it."""
    if launch.form is Form.GROUPS or not launch.spread or launch.atomic or launch.scratch or _is_short(launch, fewest):
        return None
    if not all(map(is_simple, launch.body)):
        return None
    last = launch.spread[-1][0]
    inside = list(everything_in([v for s in launch.body for v in values_of(s)]))
    stores = [Load(s.buffer, s.index) for s in launch.body if isinstance(s, Store)]
    loads = [v for v in inside if isinstance(v, Load)]
    written = {place.buffer.root for place in stores}
    if any(load.buffer.root in written for load in loads) or len(written) < len(stores):
        return None
    moving = {last, *(s.name for s in launch.body if isinstance(s, Let))}  # what each element has for itself
    packed = [load for load in loads if _is_along(load, last, moving)]
    if not all(_is_along(place, last, moving) for place in stores) or not (packed or stores):
        return None
    places = [*packed, *stores]
    width = min(MOST, BYTES // max(_itemsize(place.buffer) for place in places))
    calls = sum(isinstance(v, Call) for v in inside)
    if width < 2 or len(places) > MOST_ARRAYS or calls > MOST_CALLS:
        return None
    return Packs(launch, width, places, packed, _is_flat(launch, places))


def _is_short(launch: Launch, fewest: int) -> bool:
    return isinstance(launch.count, Literal) and launch.count.number < fewest


def is_simple(s: Statement) -> bool:
    """Whether a statement stores, binds a fixed value, or gathers into a scalar."""
    if isinstance(s, Accumulate):
        return isinstance(s.target, Name)
    return isinstance(s, Store) or (isinstance(s, Let) and not s.mutable)


def _is_along(place: Load, index: Name, moving: set[Name]) -> bool:
    """Whether neighbouring iterations meet neighbouring elements."""
    return bool(place.index) and place.index[-1] == index and moving.isdisjoint(everything_in(place.index[:-1]))


def _is_flat(launch: Launch, places: list[Load]) -> bool:
    indices, extents = zip(*launch.spread, strict=True)
    if any(place.index != indices or place.buffer.shape != extents for place in places):
        return False
    outside = [s.value for s in launch.body if isinstance(s, (Let, Store, Accumulate))]
    return not any(_uses(value, set(indices), set(places)) for value in outside)


def _uses(value: Value, names: set[Name], known: set[Load]) -> bool:
    """Whether `value` needs one of `names` for anything but what is `known`."""
    stack, seen = [value], set[Value]()
    while stack:
        top = stack.pop()
        if top in seen or top in known:
            continue
        seen.add(top)
        if top in names:
            return True
        stack.extend(parts(top))
    return False


def needs(packs: Packs) -> tuple[list[tuple[Value, int]], list[Buffer]]:
    """What must hold of sizes: those that must be multiples of a number. And the buffers that come with strides."""
    buffers = list(dict.fromkeys(place.buffer for place in packs.places))
    strided = [buffer for buffer in buffers if is_strided(buffer)]
    if packs.flat:
        return [], strided
    rows = [b.shape[-1] for b in buffers if len(b.shape) > 1 and not is_strided(b)]
    return [(n, packs.width) for n in dict.fromkeys([packs.launch.spread[-1][1], *rows])], strided


def _itemsize(buffer: Buffer) -> int:
    return np.dtype(buffer.dtype).itemsize
