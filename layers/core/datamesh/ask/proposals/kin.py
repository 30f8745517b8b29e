"""How much the name of a column is that of another table's key. Values alone are no evidence: 1, 2, 3 stand in every
table that counts its rows."""

from __future__ import annotations

from itertools import product

from datamesh.ask.names.views import Stems, nouns_of
from datamesh.ask.names.words import in_words, stem, stems
from datamesh.ask.proposals.looking import Seen
from datamesh.contract.model import Column

__all__ = ["ALIKE", "BARE", "NAMED", "PART", "STRANGE", "ends_in", "is_key_name", "likeness", "names_own", "words_of"]

NAMED, ALIKE, PART, STRANGE = 3, 2, 1, 0
_KEY_WORDS = "id key code no number num nr uuid sk fk pk"
_PLAIN_WORDS = """
name title label description type kind status state year month day date time value amount count rank position level
index first last full short long start end total size
"""
_TAILS = frozenset(map(stem, _KEY_WORDS.split()))
BARE = _TAILS | frozenset(map(stem, _PLAIN_WORDS.split()))
_SHORT = 3  # letters that a shortened noun keeps at least: stu_id


def words_of(column: Column) -> set[Stems]:
    """What a column is called: by its name, and by people."""
    return {stems(in_words(column.name)), stems(column.business_name)} - {()}


def likeness(near: Column, far: Seen, key: Column) -> int:
    """NAMED after the table; ALIKE, as its key; PART: it ends so, or begins to; else STRANGE."""
    things = _nouns(far)
    return max((_alike(near, key, things) for near, key in product(words_of(near), words_of(key))), default=STRANGE)


def names_own(column: Column, seen: Seen) -> bool:
    """Whether a column is named after the table that it stands in."""
    things = {_joined(noun) for noun in _nouns(seen)}
    return any(_joined(_core(words)) in things or set(words) <= BARE for words in words_of(column))


def is_key_name(column: Column) -> bool:
    """Whether it is called an id, a key, a code or a number."""
    return ends_in(column, _TAILS)


def ends_in(column: Column, words: frozenset[str]) -> bool:
    return any(said[-1] in words for said in words_of(column))


def _nouns(seen: Seen) -> tuple[Stems, ...]:
    said = (stems(noun) for noun in nouns_of(seen.name, seen.table))
    return tuple(dict.fromkeys(noun for noun in said if noun))


def _alike(near: Stems, key: Stems, nouns: tuple[Stems, ...]) -> int:
    if set(near) <= BARE:
        return STRANGE
    core = _core(near)
    if any(_joined(near) in (_joined(noun), _joined(noun + key)) or _joined(core) == _joined(noun) for noun in nouns):
        return NAMED
    if _joined(near) == _joined(key):
        return ALIKE
    return PART if _agrees(near, key, nouns) else STRANGE


def _agrees(near: Stems, key: Stems, nouns: tuple[Stems, ...]) -> bool:
    """Whether a part of the name is a name: the table's, or, before the same ending, the key's or a short form."""
    core = _core(near)
    if near[-1] in BARE - _TAILS:
        return False
    if any(_within(core, noun) for noun in nouns):
        return True
    things = [*nouns, *([] if set(key) <= BARE else [_core(key)])]
    short = core != near and any(_begins(core, thing) or core == thing[-1:] for thing in things)
    return near[-1] == key[-1] and (short or any(_within(core, thing) for thing in things))


def _core(words: Stems) -> Stems:
    """Without what only says that it is a key."""
    return words[:-1] if len(words) > 1 and words[-1] in _TAILS else words


def _joined(words: Stems) -> str:
    return "".join(words)


def _within(words: Stems, thing: Stems) -> bool:
    """A role before it or behind it: home team, member in charge."""
    more = len(words) > len(thing)
    return more and thing in (words[-len(thing) :], words[: len(thing)])


def _begins(words: Stems, noun: Stems) -> bool:
    said, whole = _joined(words), _joined(noun)
    return _SHORT <= len(said) < len(whole) and whole.startswith(said)
