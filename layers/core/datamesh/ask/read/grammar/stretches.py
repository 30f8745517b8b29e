"""Stretches of time that are asked for: the month with the most orders, in which years were two shops opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from datamesh.ask.names.words import plural
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Form, KeyForm, Linked, Post, PredForm, Ranked, SetForm
from datamesh.ask.read.grammar.common import dates
from datamesh.ask.read.grammar.groups import GRAINS
from datamesh.ask.read.grammar.shows import with_number

__all__ = ["stretches"]

_CALLED_SO = 0.4  # rather a column of that name


def stretches(r: Reader, i: int, posts: Callable[[int], Iterable[Hit[Post]]]) -> Iterator[Hit[Form]]:
    """(which) months had more than 100 orders; (the) 3 years with the most orders; `posts`: what may stand behind"""
    number = r.number(i)
    at = i + 1 if isinstance(number, int) and number > 0 else i
    for grain in GRAINS:
        if r.word(at, grain, plural(grain)):
            cost = _CALLED_SO if any(r.names(at, "column")) else 0.0
            of = SetForm(None, number=int(number) if at > i and number else None, plural=not r.word(at, grain))
            for when in _when(r, at + 1):
                for post in posts(when.end):
                    if first := _first(of, post.value, when.value):
                        form = Form((), (KeyForm(grain=grain),), first=first)
                        yield from with_number(r, Hit(post.end, form, post.cost + cost + when.cost))


def _when(r: Reader, i: int) -> Iterator[Hit[tuple[PredForm, ...]]]:
    """(which month) of 2024 (had the most)"""
    yield Hit(i, (), 0.0)
    for when in dates(r, i) if r.word(i, "of", "in") else ():
        yield Hit(when.end, (when.value,), when.cost)


def _first(of: SetForm, post: Post, when: tuple[PredForm, ...]) -> SetForm | None:
    match post:
        case Ranked(of=SetForm() as of_what) if when:
            return _first(of, replace(post, of=of_what.plus(*when)), ())
        case _ if when:
            return None
        case Ranked(of=of_what) if post.fn or post.total or (of_what and of_what.head):
            rank = replace(post, fn="sum", total=False) if post.total else post
            return SetForm(None, rank=rank, number=of.number, plural=of.plural)
        case Linked(to=SetForm(head=head), negated=False) if head and post.count and not of.number:
            return SetForm(None, preds=(post,), plural=of.plural)
        case _:
            return None
