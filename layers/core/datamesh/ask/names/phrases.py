"""The forms of a name: with and without the table's noun, in part, turned round, without its unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from datamesh.ask.lexicon.english import (
    CARRIERS,
    FLAG_FRONTS,
    FLAG_TAILS,
    FUNCTION_WORDS,
    LABEL_WORDS,
    MERE_WORDS,
    SHELL_WORDS,
    TAIL_WORDS,
    UNIT_WORDS,
)
from datamesh.ask.lexicon.synonyms import KINDS, PHRASES
from datamesh.ask.names.spelling import VERB_STEMS, family
from datamesh.ask.names.views import ColumnView, Stems, TableView, rest, with_cores
from datamesh.ask.names.words import stem, stems, value_key

__all__ = ["ANYBODY", "EMPTY", "Phrase", "column_phrases", "other_nouns", "table_phrases"]

_SHORT, _WITH_NOUN, _HEAD_WITH_NOUN = 0.1, 0.05, 0.1
_NOUN_INSIDE = 0.2  # the amount, of settlements, for the amount settled
_OTHER_JOINT = 0.05
_BY_LABEL = 0.5  # rows by the noun that the column which calls them has before `name`
ANYBODY = 0.65  # people by what they do, where a table of people has no noun at all
_SHELLED = 0.2  # a table's noun without words like detail, list, dim
_LAST_WORD = 0.6
_NO_TAIL, _NO_TAIL_WITH_NOUN = 0.4, 0.45  # the type, for the type code
_BEFORE_OF = 0.4  # the day, for the day of the month
_FLAGGED = 0.05
_NO_UNIT = 0.1  # the budget, for the budget in millions
_OTHER_PHRASE = 0.2  # surname, for the last name
_TURNED = 0.15  # the year of opening, for the opening year
_AGENT = 0.1
_AS_ONE = 0.1  # firstname, for the first name
_PART, _UNSAID = 0.4, 0.4  # a part of a name, and what the rest of it costs
_NO_HEAD = 0.5  # a part without the noun that the name is of
_NUMBER = stem("number")
_SHELLS = frozenset(stem(word) for word in SHELL_WORDS)
_TAILS = frozenset(stem(word) for word in (*TAIL_WORDS, *CARRIERS))
_CARRIERS = frozenset(stem(word) for word in CARRIERS)
_UNITS = frozenset(stem(word) for word in UNIT_WORDS)
_MERE = frozenset(stem(word) for word in (*MERE_WORDS, *FUNCTION_WORDS, *UNIT_WORDS))
_FLAG_FRONTS = frozenset(stem(word) for word in FLAG_FRONTS)
_FLAG_TAILS = frozenset(stem(word) for word in FLAG_TAILS)
EMPTY = _MERE | frozenset(stem(word) for word in TAIL_WORDS)
"""Stems that alone say nothing of the name that they are a part of."""
_LABELS = frozenset(stem(word) for word in LABEL_WORDS)
_PEOPLE = tuple(word for line in KINDS if line[0] == "person" for word in line)
_SAME = {stems(phrase): [stems(other) for other in line if other != phrase] for line in PHRASES for phrase in line}


@dataclass(frozen=True)
class Phrase:
    """One form of a column's name. `qualified`: it names the table, too."""

    words: Stems
    cost: float
    qualified: bool = False


def table_phrases(noun: Stems) -> Iterator[tuple[Stems, float]]:
    """What a table may be called, given one of its nouns."""
    yield noun, 0.0
    if "and" in noun:  # authors or tutors, of a table of authors and tutors
        yield tuple("or" if word == "and" else word for word in noun), _OTHER_JOINT
    if kept := tuple(word for word in noun if word not in _SHELLS):
        yield kept, _SHELLED
    if len(noun) > 1:
        yield noun[-1:], _LAST_WORD
        yield from _parts(noun)


def other_nouns(view: TableView) -> Iterator[tuple[Stems, float]]:
    """What rows may be called beside their table's noun: books, by their book title; people, where it says nothing."""
    label = view.columns.get(view.shown_by[0]) if len(view.shown_by) == 1 and view.shown_by != view.key else None
    if label and len(label.words) > 1 and label.words[-1] in _LABELS and label.words[:-1] not in with_cores(view.nouns):
        yield label.words[:-1], _BY_LABEL
    if view.person and all(word in _SHELLS for noun in view.nouns for word in noun):
        yield from (((stem(word),), ANYBODY) for word in _PEOPLE)


def column_phrases(column: ColumnView, nouns: tuple[Stems, ...]) -> Iterator[Phrase]:
    """What a column may be called, given its table's nouns."""
    nouns = with_cores(nouns)
    written = value_key(column.label).split()
    names = dict.fromkeys((*column.spelt, *column.synonyms))
    for words in names:
        for form, cost in _forms(words, key=column.identifies):
            yield from _named(form, cost, nouns)
            if cost == _OTHER_PHRASE:
                yield from (
                    replace(part, cost=part.cost + cost) for part in _in_part(form, nouns) if len(part.words) > 1
                )
        yield from _in_part(words, nouns)
    if len(written) > 1:
        yield Phrase((stem("".join(written)),), _AS_ONE)


def _forms(words: Stems, *, key: bool) -> Iterator[tuple[Stems, float]]:
    """A whole name: as it is, in other words, without its unit, with `in` before it. A job id is no job title id."""
    yield words, 0.0
    for at in range(len(words)) if not key else ():
        for end in range(at + 1, len(words) + 1):
            for other in _SAME.get(words[at:end], ()):
                yield (*words[:at], *other, *words[end:]), _OTHER_PHRASE
    if len(words) == 2 and words[1] == "by" and words[0] in VERB_STEMS:
        for ending in ("er", "or", "r"):  # the director, for directed by
            yield (stem(words[0] + ending),), _AGENT
    if flag := _of_flag(words):
        yield flag, _FLAGGED
    bare = _without_unit(words)
    if bare != words:
        yield bare, _NO_UNIT
        unit = tuple(word for word in words[len(bare) :] if word not in FUNCTION_WORDS)
        yield (*bare, "in", *unit), 0.0


def _of_flag(words: Stems) -> Stems:
    """Active, of is active or of the active flag; nothing where no word says that it is a flag."""
    start, end = int(words[0] in _FLAG_FRONTS), len(words) - int(words[-1] in _FLAG_TAILS)
    return words[start:end] if 0 < end - start < len(words) else ()


def _without_unit(words: Stems) -> Stems:
    """The budget, of the budget in billions."""
    end = len(words)
    while end > 1 and (words[end - 1] in _UNITS or words[end - 1] in ("in", "per", "of")):
        end -= 1
    return words[:end]


def _named(words: Stems, cost: float, nouns: tuple[Stems, ...]) -> Iterator[Phrase]:
    """With and without the table's noun, and turned round."""
    short = rest(words, nouns)
    says = any(noun[-1] in words for noun in nouns)
    yield Phrase(words, cost, says)
    yield Phrase(short, cost + _SHORT)
    yield from _qualified(short, cost, nouns)
    for noun in nouns if short == words else ():
        inner = tuple(word for word in words if word != noun[-1] and not family(word) & family(noun[-1]))
        if inner and inner != words and (words[-1] == inner[-1] or inner[-1] in _TAILS):
            yield Phrase(inner, cost + _NOUN_INSIDE)
            yield from (Phrase(part, cost + more) for part, more in _parts(inner))
    if words[:1] == (_NUMBER,) and "of" not in words:
        yield Phrase((_NUMBER, "of", *words[1:]), cost)
    if "of" in short[1:]:
        at = short.index("of")
        yield Phrase(short[:at], cost + _BEFORE_OF)
        yield Phrase(short[at + 1 :] + short[:at], cost + _TURNED, says)
    elif len(short) > 1:
        yield Phrase((*short[-1:], "of", *short[:-1]), cost + _TURNED, says)
        if len(short) == 2:
            yield Phrase(short[::-1], cost + _TURNED, says)
        if short[0] in _CARRIERS and short[-1] in VERB_STEMS:  # the year of opening, for the year opened
            yield Phrase((short[0], "of", *short[1:]), cost + _TURNED, says)


def _qualified(short: Stems, cost: float, nouns: tuple[Stems, ...]) -> Iterator[Phrase]:
    """With the table's noun before it; not where that says it of the rows: houses are heated."""
    for noun in nouns:
        if short[0] not in _FLAG_FRONTS:
            yield Phrase(noun + short, cost + _WITH_NOUN, qualified=True)
        for at in range(1, len(noun)):  # the contact channel code, of customer contact channels
            yield Phrase(noun[at:] + short, cost + _HEAD_WITH_NOUN, qualified=True)


def _in_part(words: Stems, nouns: tuple[Stems, ...]) -> Iterator[Phrase]:
    """A part of the name that says something, the dearer the more of it is missing."""
    short = rest(words, nouns)
    if len(short) < 2:
        return
    heads = dict.fromkeys(noun[-1:] for noun in nouns)
    yield Phrase(short[-1:], _LAST_WORD)
    if short[-1] in _TAILS:
        yield Phrase(short[:-1], _NO_TAIL)
        yield from (Phrase(noun[-1:] + short[:-1], _NO_TAIL_WITH_NOUN, qualified=True) for noun in nouns)
    for part, cost in _parts(short):
        yield Phrase(part, cost)
        for noun in heads:
            yield Phrase(noun + part, cost, qualified=True)


def _parts(words: Stems) -> Iterator[tuple[Stems, float]]:
    """The parts of a name that hold a word with a meaning of its own."""
    said = sum(_weight(word) for word in words)
    for at in range(len(words)):
        for end in range(at + 1, len(words) + 1):
            part = words[at:end]
            if len(part) < len(words) and part[0] not in FUNCTION_WORDS and part[-1] not in FUNCTION_WORDS:
                weight = sum(_weight(word) for word in part)
                headed = _headed(words, at, end)
                if any(w not in EMPTY and (headed or (w not in VERB_STEMS and w not in _TAILS)) for w in part):
                    yield part, _PART + _UNSAID * (1 - weight / said) + (0.0 if headed else _NO_HEAD)


def _headed(words: Stems, at: int, end: int) -> bool:
    """Whether a part holds what the name is of: the amount, of the amount settled; not the city, of the city's area;
    not the test, of the date the test was taken."""
    after = words[end:]
    if not after or after[0] in FUNCTION_WORDS or all(w in _MERE or w in _TAILS for w in after):
        return True
    said_of_first = words[0] in _CARRIERS  # the date (of the) test taken
    return all(w in _MERE or w in VERB_STEMS for w in after) and not (at and said_of_first)


def _weight(word: str) -> float:
    """What is left unsaid costs less where it says little."""
    return 0.3 if word in _MERE else 0.5 if word in _TAILS else 1.0
