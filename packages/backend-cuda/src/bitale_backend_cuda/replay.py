"""Whole calls as one launch: what a function does for given lengths is recorded in a CUDA graph, and launched again.

A recording holds for any arguments and results of the same lengths, strides and alignment. Where one of them lies
elsewhere than in the last call, the works that have its address get the new one. The memory of the call itself is the
recording's, and stays where it is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from weakref import WeakSet

from bitale_backend_cuda.call import DeviceCall
from bitale_backend_cuda.driver import Array, Driver
from bitale_backend_cuda.work import ALIGNMENT, Moving

KEPT = 8  # sets of lengths that a function knows
Begin = Callable[[Sequence[Array], Sequence[int]], DeviceCall]
Host = Callable[[DeviceCall], None]

_all: WeakSet[Replays] = WeakSet()


class Recording:
    """The works of a call in memory of its own, for arrays that start at `places`."""

    def __init__(self, driver: Driver, call: DeviceCall, places: list[int]) -> None:
        self.places = places
        self._memory = call.kept
        self._replay = driver.record(call.works)
        self._works = [Moving(work) for work in call.works]
        self._users: list[list[int]] = [[] for _ in places]  # the works that have an array's address
        for number, work in enumerate(self._works):
            for source in work.sources:
                self._users[source].append(number)

    def launch(self, places: list[int]) -> bool:
        """Do it all with arrays at these places, if they are aligned as the recorded ones."""
        if places != self.places:
            moved = [k for k, (a, b) in enumerate(zip(places, self.places, strict=True)) if a != b]
            for k in moved:
                if (places[k] ^ self.places[k]) % ALIGNMENT:
                    return False
            for number in dict.fromkeys([user for k in moved for user in self._users[k]]):
                self._replay.update(number, self._works[number].at(places))
            self.places = places
        self._replay.launch()
        return True


class Known:
    """What is known of calls with some lengths: the results' types, and from the second call on the recording."""

    def __init__(self, outputs: Sequence[Array]) -> None:
        self.outputs = [(array.shape, array.dtype.name) for array in outputs]
        self.recording: Recording | None = None


class Replays:
    """The recordings of one function."""

    def __init__(self, driver: Driver, donated: dict[int, int]) -> None:
        self.driver, self.donated = driver, donated
        self._known: OrderedDict[Hashable, Known] = OrderedDict()
        _all.add(self)

    def run(self, inputs: list[Array], begin: Begin, host: Host) -> list[Array]:
        """Launch a call, and return its results. `begin` makes one of the inputs and where arrays start."""
        address = self.driver.address
        places = [address(array) for array in inputs]
        lengths = tuple([(a.shape, a.strides, place % ALIGNMENT) for a, place in zip(inputs, places, strict=True)])
        known = self._known.get(lengths)
        if known is None:
            return self._first(lengths, begin(inputs, places), host)
        outputs = self._outputs(known, inputs)
        places += [address(array) for array in outputs]
        if known.recording is None:
            self._known.move_to_end(lengths)
            known.recording = self._recorded(inputs, outputs, places, begin, host)
        if not known.recording.launch(places):
            with begin(inputs, places) as call:
                call.outputs = list(outputs)
                host(call)
        return outputs

    def _outputs(self, known: Known, inputs: Sequence[Array]) -> list[Array]:
        if not self.donated:
            return [self.driver.empty(shape, dtype) for shape, dtype in known.outputs]
        return [
            inputs[self.donated[k]] if k in self.donated else self.driver.empty(shape, dtype)
            for k, (shape, dtype) in enumerate(known.outputs)
        ]

    def _first(self, lengths: Hashable, call: DeviceCall, host: Host) -> list[Array]:
        with call:
            host(call)
        if call.is_fixed:
            self._known[lengths] = Known(call.results)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return call.results

    def _recorded(
        self, inputs: Sequence[Array], outputs: Sequence[Array], places: list[int], begin: Begin, host: Host
    ) -> Recording:
        call = begin(inputs, places)
        call.outputs = list(outputs)
        host(call)
        return Recording(self.driver, call, places)

    def forget(self) -> bool:
        """Give the memory of the recordings back; whether there was any."""
        held = [known for known in self._known.values() if known.recording is not None]
        for known in held:
            known.recording = None
        return bool(held)


def forget_all(driver: Driver) -> bool:
    """Give the memory of all recordings on a device back; whether there was any."""
    held = [replays.forget() for replays in list(_all) if replays.driver is driver]
    return any(held)
