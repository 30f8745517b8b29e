"""Several pieces of work at once, of which none keeps a person waiting who has had enough."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import wait as until_done
from typing import TypeVar

__all__ = ["together"]

T = TypeVar("T")
R = TypeVar("R")


def together(work: Callable[[T], R], things: Iterable[T], *, at_once: int = 8) -> list[R]:
    """What `work` gives for each of `things`, in their order. A failure is raised when all have ended.

    Interrupted it raises at once, and leaves what has begun to threads that end with the process: those of an executor
    would have to be waited for.
    """
    places = threading.Semaphore(at_once)
    futures: list[Future[R]] = []
    for thing in things:
        future: Future[R] = Future()
        futures.append(future)
        threading.Thread(target=_do, args=(work, thing, future, places), daemon=True).start()
    until_done(futures)
    return [future.result() for future in futures]


def _do(work: Callable[[T], R], thing: T, future: Future[R], places: threading.Semaphore) -> None:
    with places:
        try:
            future.set_result(work(thing))
        except BaseException as error:
            future.set_exception(error)
