"""Several things at once: results in order, failures after all have ended, at most so many at a time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from cli.together import together


def test_results_come_in_the_order_of_the_things() -> None:
    assert together(lambda wait: time.sleep(wait) or wait, [0.05, 0.0, 0.02]) == [0.05, 0.0, 0.02]
    assert together(str, []) == []


def test_a_failure_is_raised_when_all_have_ended() -> None:
    done: list[int] = []

    def work(thing: int) -> None:
        if thing == 0:
            raise ValueError(thing)
        time.sleep(0.05)
        done.append(thing)

    with pytest.raises(ValueError, match="0"):
        together(work, [0, 1, 2])

    assert sorted(done) == [1, 2]


def test_no_more_than_so_many_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    together(work, range(12), at_once=3)

    assert most == 3


@pytest.fixture
def _interrupted_soon() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_interrupted_soon")
def test_who_interrupts_does_not_wait() -> None:
    hold = threading.Event()
    began = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        together(lambda _: hold.wait(30), [1, 2])

    assert time.monotonic() - began < 5
    hold.set()
