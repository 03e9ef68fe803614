"""Entries on disk: whole, broken, too many, and written by others at the same time."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bitale_backend_c import cache
from bitale_backend_c.settings import settings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "cache_dir", tmp_path)
    return tmp_path / "functions"


def test_keys_tell_texts_apart():
    keys = [cache.key_of(*parts) for parts in [("a", "b"), ("ab", ""), ("", "ab"), ("ab",), ("é",)]]
    assert len(set(keys)) == 5
    assert cache.key_of("a", "b") == keys[0]


def test_an_entry_is_found(folder):
    assert cache.find("key") is None
    path = cache.store("key", "source", b"library")
    assert path == folder / "key" / "function.so" == cache.find("key")
    assert path.read_bytes() == b"library" and (path.parent / "function.c").read_text() == "source"
    assert os.listdir(folder) == ["key"]


BREAKAGES = {
    "truncated": lambda entry: (entry / "function.so").write_bytes(b"lib"),
    "changed": lambda entry: (entry / "function.so").write_bytes(b"librarY"),
    "lost library": lambda entry: (entry / "function.so").unlink(),
    "lost digest": lambda entry: (entry / "digest").unlink(),
    "empty digest": lambda entry: (entry / "digest").write_bytes(b""),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_entry_is_replaced(folder, breakage):
    path = cache.store("key", "source", b"library")
    BREAKAGES[breakage](path.parent)
    assert cache.find("key") is None
    assert os.listdir(folder) == []
    assert cache.store("key", "source", b"library") == path == cache.find("key")


def test_a_broken_entry_is_replaced_by_a_store_alone(folder):
    path = cache.store("key", "source", b"library")
    BREAKAGES["truncated"](path.parent)
    assert cache.store("key", "source", b"library") == path == cache.find("key")
    assert os.listdir(folder) == ["key"]


def test_the_first_of_two_stores_stays(folder):
    cache.store("key", "source", b"first")
    assert cache.store("key", "source", b"second").read_bytes() == b"first"
    assert os.listdir(folder) == ["key"]


def test_many_stores_at_once(folder):
    paths = []
    threads = [
        threading.Thread(target=lambda: paths.append(cache.store("key", "source", b"library" * 1000))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(paths) == {cache.find("key")} and len(paths) == 8
    assert os.listdir(folder) == ["key"]


def test_what_was_not_used_for_longest_goes_first(folder, monkeypatch):
    monkeypatch.setattr(settings, "cache_bytes", 10**9)
    for number in range(10):
        entry = cache.store(f"key{number}", "", bytes(1000)).parent
        os.utime(entry, (number, number))
    assert cache.find("key0") is not None, "a use counts"
    size = sum(file.stat().st_size for file in entry.iterdir())
    monkeypatch.setattr(settings, "cache_bytes", 8 * size)
    cache.sweep(folder)
    assert sorted(os.listdir(folder)) == ["key0", "key5", "key6", "key7", "key8", "key9"]


def full_disk(self: Path, content: bytes) -> int:
    raise OSError(28, "No space left on device")


def test_a_full_disk(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            cache, "place", lambda parent, *rest: full_disk(parent, b"") if parent == folder else place(parent, *rest)
        )
        with pytest.warns(RuntimeWarning, match=r"cannot keep compiled functions .*No space left.*Set BITALE_CACHE"):
            path = cache.store("full", "source", b"library")
    assert folder not in path.parents
    assert cache.find("full") == path
    assert path.read_bytes() == b"library"


place = cache.place


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(folder):
    path = cache.store("old", "source", b"library")
    folder.chmod(0o500)
    try:
        assert cache.find("old") == path, "what is there is used"
        with pytest.warns(RuntimeWarning, match="Permission denied"):
            assert folder not in cache.store("new", "source", b"library").parents
    finally:
        folder.chmod(0o700)
