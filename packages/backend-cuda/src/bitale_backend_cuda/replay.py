"""Whole calls as one launch: what a function does for given lengths and addresses is recorded, and replayed.

A training loop calls a function again and again with arrays of the same lengths, most of them at the same addresses:
shared variables stay where they are, and the pool hands out the memory of the last result for the next. The second
such call is recorded in a CUDA graph; later ones launch that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from bitale_backend_cuda.call import DeviceCall
from bitale_backend_cuda.driver import Array, Driver, Replay

KEPT = 16  # recordings of one function
Begin = Callable[[bool], DeviceCall]
Host = Callable[[DeviceCall], None]


@dataclass
class Recording:
    """A recorded call: what it launches, and the arrays that it works in. None until it is seen a second time."""

    replay: Replay
    call: DeviceCall


class Replays:
    """The recordings of one function."""

    def __init__(self, driver: Driver, donated: dict[int, int]) -> None:
        self.driver, self.donated = driver, donated
        self._shapes: dict[Hashable, list[tuple[tuple[int, ...], str]]] = {}
        self._seen: OrderedDict[Hashable, Recording | None] = OrderedDict()

    def run(self, inputs: Sequence[Array], begin: Begin, host: Host) -> list[Array]:
        """Do a call, and return its results. `begin` makes a call, which collects its launches or not; `host` runs it.

        Raises the error of a check that failed.
        """
        lengths = tuple((array.shape, array.strides) for array in inputs)
        outputs = self._outputs(lengths, inputs)
        if outputs is None:
            call = begin(False)
            host(call)
            found = [array for array in call.outputs if array is not None]
            if call.is_fixed:
                self._shapes[lengths] = [(array.shape, array.dtype.name) for array in found]
            return found
        places = (lengths, *map(self.driver.address, (*inputs, *outputs)))
        recording = self._seen.get(places)
        if recording is None:
            recording = self._first_or_second(places, begin, host, outputs)
        else:
            self._seen.move_to_end(places)
            recording.replay.launch()
        if recording is not None:
            recording.call.check()
        return outputs

    def forget(self) -> None:
        """Give the memory of all recordings back."""
        self._seen.clear()

    def _outputs(self, lengths: Hashable, inputs: Sequence[Array]) -> list[Array] | None:
        """Memory for the results, whose lengths are known from an earlier call."""
        shapes = self._shapes.get(lengths)
        if shapes is None:
            return None
        return [
            inputs[self.donated[k]] if k in self.donated else self.driver.empty(shape, dtype)
            for k, (shape, dtype) in enumerate(shapes)
        ]

    def _first_or_second(
        self, places: Hashable, begin: Begin, host: Host, outputs: list[Array]
    ) -> Recording | None:
        again = places in self._seen
        call = begin(again)
        call.outputs = list(outputs)
        host(call)
        if not again:
            self._seen[places] = None
            while len(self._seen) > KEPT:
                self._seen.popitem(last=False)
            return None
        works, call.works = call.works or [], None
        replay = self.driver.record(lambda: _all(works))
        call.forget()
        recording = self._seen[places] = Recording(replay, call)
        replay.launch()
        return recording


def _all(works: Sequence[Callable[[], None]]) -> None:
    for work in works:
        work()
