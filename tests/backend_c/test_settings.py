"""Settings come from the environment, and say what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitale_backend_c.settings import Settings


def test_defaults():
    settings = Settings.from_environment({"XDG_CACHE_HOME": "/somewhere"})
    assert settings.threads == 1 and settings.effort == 1 and settings.compiler == "" and settings.flags == ""
    assert settings.cache_dir.name == "bitale"
    assert 0 < settings.pool_bytes <= 2**30


def test_the_environment():
    environment = {"BITALE_CACHE": "/kept/here", "BITALE_CC": "clang-18", "BITALE_THREADS": "2", "BITALE_EFFORT": "0"}
    settings = Settings.from_environment(environment | {"BITALE_POOL_BYTES": "0", "BITALE_CFLAGS": "-g"})
    assert settings.cache_dir == Path("/kept/here")
    assert (settings.compiler, settings.threads, settings.effort) == ("clang-18", 2, 0)
    assert (settings.pool_bytes, settings.flags) == (0, "-g")


def test_a_user_without_a_home_keeps_nothing(monkeypatch):
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    assert Settings.from_environment({}).cache_dir == Path("/dev/null/bitale")
    assert Settings.from_environment({"BITALE_CACHE": "/kept"}).cache_dir == Path("/kept")


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [("THREADS", "0", "from 1 on"), ("EFFORT", "3", "from 0 to 2"), ("CACHE_BYTES", "-1", "from 0 on")],
)
def test_a_number_out_of_bounds(name, value, bounds):
    with pytest.raises(ValueError, match=f"BITALE_{name}='{value}': wanted a whole number {bounds}"):
        Settings.from_environment({f"BITALE_{name}": value})


def test_a_word_for_a_number():
    with pytest.raises(ValueError, match="BITALE_THREADS='many': wanted a whole number"):
        Settings.from_environment({"BITALE_THREADS": "many"})
