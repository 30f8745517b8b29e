"""Other ways to ask for a list: sort the names by age; which paper's title contains X; who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Form, Post, Ranked, SetForm, Thing
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.clauses import clause
from datamesh.ask.read.grammar.nouns import of_head
from datamesh.ask.read.grammar.orders import by_keys, sorting

__all__ = ["said_of", "somebody", "sorted_", "who", "whose", "with_number"]

_NOBODY = 0.1  # who, and nothing yet that says of which kind


def sorted_(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Sort [the list of] the names: by what must follow"""
    if (after := sorting(r, i)) > i:
        at = after + 1 if r.word(after, "of") else after
        for hit in outputs.outputs(r, at):
            yield Hit(hit.end, Form(hit.value, sort=True), hit.cost)
            for keys in by_keys(r, hit.end + 1, None) if r.word(hit.end, "by") else ():
                yield Hit(keys.end, Form(hit.value, order=keys.value, sort=True), hit.cost + keys.cost)


def whose(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """(which) paper's title contains X"""
    for owner in sets.plain_set(r, i):
        if r.word(owner.end, "'s"):
            yield from said_of(r, owner, clause(r, owner.end + 1))


@rule
def who(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Who works in Sales: those of a table of people"""
    for name in r.names(i, "table") if r.word(i, "who") else ():
        yield from said_of(r, Hit(name.end, SetForm(name)), predicates.predicate(r, name.end))


def somebody(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Who wrote it: of a kind that the next sentence names"""
    if r.word(i, "who"):
        yield from said_of(r, Hit(i + 1, SetForm(None), _NOBODY), predicates.predicate(r, i + 1))


def with_number(r: Reader, found: Hit[Form]) -> Iterator[Hit[Form]]:
    """(which brands have more than one product[,]) and how many; (which city has the most customers), and how many"""
    yield found
    for at in outputs.after_joint(r, found.end):
        if r.word(at - 1, "and"):
            for number in outputs.counted(r, at):
                form = replace(found.value, outputs=(*found.value.outputs, *number.value))
                yield Hit(number.end, form, found.cost + number.cost)


def said_of(r: Reader, hit: Hit[SetForm], posts: Iterable[Hit[Post]]) -> Iterator[Hit[Form]]:
    """The rows of a set that one of `posts` is said of, and whatever more"""
    for post in posts:
        if not isinstance(post.value, Ranked):
            form = hit.value.plus(of_head(hit.value.head, post.value))
        elif hit.value.rank is None:
            form = replace(hit.value, rank=post.value)
        else:
            continue
        for more in sets.with_posts(r, Hit(post.end, form, hit.cost + post.cost)):
            yield Hit(more.end, Form((Thing(more.value),)), more.cost)
