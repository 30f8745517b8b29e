"""One attribute that is asked for: a name, the home team name, the longest delay."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.intent import MeasureFn
from datamesh.ask.lexicon.english import LABEL_WORDS
from datamesh.ask.names.words import plural
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Out, Plain
from datamesh.ask.read.grammar.common import adjective, participle

__all__ = ["attribute", "extremes"]

_LABELS = tuple(form for word in LABEL_WORDS for form in (word, plural(word)))


def attribute(r: Reader, i: int) -> Iterator[Hit[tuple[Out, ...]]]:
    """name; home team name"""
    for name in r.names(i, "column"):
        if participle(r, name) or adjective(r, name) or (i > 0 and r.longest(i, "be")):
            continue  # (projects that began in May and) are active: no attribute is asked for, but something said
        yield Hit(name.end, (Plain(name),))
        if r.word(name.end, *_LABELS) and not any(longer.end > name.end for longer in r.names(i, "column")):
            yield Hit(name.end + 1, (Plain(name, label=True),))


def extremes(r: Reader, i: int) -> Iterator[tuple[int, MeasureFn]]:
    """(the) longest (delay), shortest (duration), where that is a number"""
    said: tuple[tuple[str, MeasureFn], ...] = (("long", "max"), ("short", "min"))
    yield from ((op.end, fn) for op in r.op(i, "superlative") for word, fn in said if op.payload == word)
