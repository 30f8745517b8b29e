"""What was made for questions before this one and may be used again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    """The `size` things that were asked for last, by what they were made of. Two threads may make one each."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._things: dict[Hashable, T] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        known = self._things.pop(key, None)
        found = self._things[key] = make() if known is None else known
        if len(self._things) > self._size:
            for oldest in list(self._things)[: -self._size]:
                self._things.pop(oldest, None)
        return found
