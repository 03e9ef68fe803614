"""How long a call takes: batches of calls, each long enough for the clock."""

from __future__ import annotations

from timeit import Timer

from benchmarks.workload import Call

WARM_UP_LIMIT = 0.05


class Stopwatch:
    """Times batches of one call; the batch's length is found once, so that every batch takes about `seconds`."""

    def __init__(self, call: Call, seconds: float) -> None:
        names = {f"argument{index}": argument for index, argument in enumerate(call.arguments)}
        self._timer = Timer(f"function({', '.join(names)})", globals={"function": call.function, **names})
        self._count, self.estimate = 1, self._timer.timeit(1)
        while (spent := self._timer.timeit(self._count)) < seconds / 2 and self._count < 10**7:
            self._count = max(2 * self._count, int(self._count * seconds / max(spent, 1e-7)))
        self.estimate = spent / self._count

    def batch(self) -> float:
        """Seconds per call. One call goes first and is not counted: it brings the data back into the caches."""
        if self.estimate < WARM_UP_LIMIT:
            self._timer.timeit(1)
        return self._timer.timeit(self._count) / self._count
