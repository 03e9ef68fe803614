"""Work during which Python's collector of cyclic garbage rests: it would look at every object of a large graph again
and again, which grows faster than the graph, and find nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_resting = 0  # how many are at such work, in all threads
_was_enabled = False


@contextmanager
def collector_rests() -> Iterator[None]:
    """No collection of cyclic garbage within, in any thread; afterwards as it was before."""
    global _resting, _was_enabled
    with _lock:
        if not _resting:
            _was_enabled = gc.isenabled()
            gc.disable()
        _resting += 1
    try:
        yield
    finally:
        with _lock:
            _resting -= 1
            if not _resting and _was_enabled:
                gc.enable()
