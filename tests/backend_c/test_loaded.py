"""Libraries stay in the process, and missing ones are errors."""

from __future__ import annotations

import pytest

from bitale_backend_c import loaded
from tests.backend_c.handwritten import library


def test_addresses():
    address = loaded.load(library(), "add_one")
    assert address == loaded.load(library(), "add_one") != loaded.load(library(), "step")
    assert loaded.library(library()) is loaded.library(library())


def test_what_is_not_there(tmp_path):
    with pytest.raises(AttributeError, match="no_such_function"):
        loaded.load(library(), "no_such_function")
    with pytest.raises(OSError, match=r"missing\.so"):
        loaded.load(tmp_path / "missing.so")
