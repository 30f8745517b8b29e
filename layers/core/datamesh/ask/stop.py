"""Ending a statement from outside the thread that runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Stop", "Stopped"]


class Stopped(Exception):
    """Raised in the running thread once its statement was asked to stop; nobody waits for its rows any more."""


class Stop:
    """One statement's stop button. Safe between threads; once pressed it stays pressed."""

    def __init__(self) -> None:
        self._pressed = threading.Event()
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None

    def press(self) -> None:
        with self._lock:
            self._pressed.set()
            if self._interrupt:
                self._interrupt()

    def check(self) -> None:
        """Raises Stopped when the button was pressed."""
        if self._pressed.is_set():
            raise Stopped

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While inside, pressing the button calls `interrupt` as well."""
        with self._lock:
            self.check()
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None
