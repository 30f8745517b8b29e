"""Attributes called after what was done: (who) left office in 2010; (in order of) the time they left office."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader

__all__ = ["deeds", "when_done"]

_TIMES = ("time", "date", "year", "day")
_DOERS = ("they", "he", "she", "it")
_SAID_AGAIN = 0.1


def deeds(r: Reader, i: int) -> Iterator[Name]:
    """(who) left office (in 2010): a name of several words, the first a verb"""
    if r.lattice.relation(i):
        yield from (name for name in r.names(i, "column") if name.end > i + 1)


def when_done(r: Reader, i: int) -> Iterator[Hit[Name]]:
    """[the] time [when] they left office; when they left office"""
    at = r.the(i)
    start = at + r.word(at, *_TIMES)
    start += r.word(start, "that", "when")
    if start > at and r.word(start, *_DOERS):
        for name in deeds(r, start + 1):
            yield Hit(name.end, name, _SAID_AGAIN)
