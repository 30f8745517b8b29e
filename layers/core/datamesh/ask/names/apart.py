"""Names whose words stand apart: first and last name; dates of opening and closing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from datamesh.ask.names.naming import Target
from datamesh.ask.names.words import Token, singular

__all__ = ["apart"]

Part = tuple[int, str, tuple[Target, ...]]  # where it ends, the whole name, what it may mean
Targets = Mapping[tuple[str, ...], Sequence[Target]]
_JOINTS = ("and", "or", ",", "&")
_LENT = 0.05  # a word that stands once, and is read twice
_OF_TWO = 0.1  # and once of each of two things
_PART = 2  # words of each part
_AWAY = 8  # tokens that lie between at most


def apart(words: Sequence[Token], i: int, targets: Targets) -> Iterator[Part]:
    """Names that begin at `i` and have a part elsewhere."""
    yield from _before_the_noun(words, i, targets)
    yield from _after_the_noun(words, i, targets)


def _before_the_noun(words: Sequence[Token], i: int, targets: Targets) -> Iterator[Part]:
    """First (and last name); low, middle (or high estimates)."""
    for end in range(i + 1, min(i + _PART, len(words) - 2) + 1):
        if words[end].fold not in _JOINTS:
            continue
        for begin in range(end + 1, min(end + _AWAY, len(words))):
            if not _only_parts(words[end:begin]):
                break
            if words[begin - 1].fold in (*_JOINTS, "the") and words[begin].kind == "word":
                yield from _lent(words, i, end, begin, targets)


def _lent(words: Sequence[Token], i: int, end: int, begin: int, targets: Targets) -> Iterator[Part]:
    """The noun behind (and last) name, for what begins at `i`."""
    mine = tuple(word.stem for word in words[i:end])
    for split in range(begin + 1, min(begin + _PART, len(words) - 1) + 1):
        for last in range(split + 1, min(split + _PART, len(words)) + 1):
            noun = tuple(word.stem for word in words[split:last])
            other = tuple(word.stem for word in words[begin:split])
            both = _columns(targets, mine + noun, other + noun)
            both = both or (_of_two_things(targets, mine + noun, other + noun) if _singular(words[end - 1]) else ())
            if both:
                yield end, _text((*words[i:end], *words[split:last])), both


def _after_the_noun(words: Sequence[Token], i: int, targets: Targets) -> Iterator[Part]:
    """(Dates of opening and) closing."""
    joint = i - 1 - (words[i - 1].fold == "the") if i else -1
    if joint < 0 or words[joint].fold not in _JOINTS:
        return
    while joint and words[joint - 1].fold in _JOINTS:
        joint -= 1
    for of in range(max(joint - 1 - _PART, 1), joint - 1):
        if words[of].fold != "of":
            continue
        other = tuple(word.stem for word in words[of + 1 : joint] if word.fold != "the")
        for end in range(i + 1, min(i + _PART, len(words)) + 1):
            mine = tuple(word.stem for word in words[i:end])
            for begin in range(max(of - _PART, 0), of):
                noun = (*(word.stem for word in words[begin:of]), "of")
                if both := _columns(targets, noun + mine, noun + other):
                    yield end, _text((*words[begin : of + 1], *words[i:end])), both


def _text(words: Sequence[Token]) -> str:
    return " ".join(word.text for word in words)


def _only_parts(words: Sequence[Token]) -> bool:
    """Whether nothing but words and joints stands there."""
    return all(word.kind == "word" or word.fold in _JOINTS for word in words)


def _columns(targets: Targets, mine: tuple[str, ...], other: tuple[str, ...]) -> tuple[Target, ...]:
    """The columns that one name means in tables where the other means one, too."""
    tables = {target.table for target in targets.get(other, ()) if target.kind == "column"}
    found = [t for t in targets.get(mine, ()) if t.kind == "column" and t.table in tables]
    return tuple(replace(t, cost=t.cost + _LENT) for t in found)


def _of_two_things(targets: Targets, mine: tuple[str, ...], other: tuple[str, ...]) -> tuple[Target, ...]:
    """The columns of two tables that were named: customer (and supplier) names."""
    owned = [[t for t in targets.get(name, ()) if t.kind == "column" and t.qualified] for name in (mine, other)]
    return tuple(replace(t, cost=t.cost + _OF_TWO) for t in owned[0]) if all(owned) else ()


def _singular(word: Token) -> bool:
    return singular(word.fold) == word.fold
