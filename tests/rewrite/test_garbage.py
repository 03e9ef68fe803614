"""The collector of cyclic garbage rests during large work, and afterwards is as it was."""

from __future__ import annotations

import gc
import threading

import pytest

from bitale_rewrite.garbage import collector_rests


def test_rests_within_and_works_again_afterwards() -> None:
    with collector_rests():
        assert not gc.isenabled()
        with collector_rests():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_works_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), collector_rests():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_has_switched_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with collector_rests():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_of_several_threads_switches_it_on() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with collector_rests():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    with collector_rests():
        pass
    assert not gc.isenabled()
    leave.set()
    thread.join(10)
    assert gc.isenabled()
