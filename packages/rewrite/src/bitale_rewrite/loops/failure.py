"""What went wrong: the errors behind the numbers that a Program reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitale_graph.errors import fill_in


@dataclass(eq=False)
class Failure:
    """What failure number `code` means: an error class and a message with {0}, {1}, ... for the reported values."""

    error: type[Exception]
    message: str

    def exception(self, values: Sequence[int]) -> Exception:
        """The error to raise."""
        return self.error(fill_in(self.message, values))
