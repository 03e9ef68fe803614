"""The emitter: prints a Program as one C99 file."""

from bitale_backend_c.emit.source import emit

__all__ = ["emit"]
