"""Which tables of a large mesh a question may be about: a few groups that belong together, the likeliest first.

A small mesh is read as a whole. In a large one words have many meanings, most of them far from one another, and a
question means things that are related. So its words and values are looked up over the whole mesh, rare ones weigh more
and the tables that have them are put into groups: those that are related, those of one small domain. Each group is read
by itself, as a mesh of its own would be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import log

from datamesh.ask.annotate import sayable
from datamesh.ask.lexicon.english import FUNCTION_WORDS
from datamesh.ask.names.joins import Graph
from datamesh.ask.names.phrases import EMPTY
from datamesh.ask.names.spelling import done_by
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, tokens, value_key

__all__ = ["WHOLE", "Group", "groups", "likely_tables"]

WHOLE = 24  # tables that are read together, whatever the question
_DOZEN = 12  # tables of a group that are cut out of a larger one
_SEEDS = 8  # groups that are cut out of one
_PLAIN = 0.1  # of the weight of a word that is none of grammar
_CLOSE = 0.4  # what a word may cost that is another of the name's family: directed by, for director
_LONGER = 50  # values with a quoted word that are looked at
_NEAR = 2  # relationships between the tables of such a group


@dataclass(frozen=True)
class Group:
    """Tables that belong together, and what the words of the question that they know weigh.

    `names` are the words (by position) that name something here, or are a value: those that say what is asked about.
    `at_home`: one of the words is just what the domain is called.
    """

    tables: frozenset[str]
    names: frozenset[int]
    weight: float
    at_home: bool = False


def likely_tables(question: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Some tables that the question could be about, those that know most of it first: all of a small mesh."""
    if len(vocabulary.tables) <= WHOLE:
        return tuple(vocabulary.tables)
    known = _known(tokens(question), vocabulary)
    ranked = sorted(known, key=lambda table: (-_weight(known[table]), table))
    return tuple(islice(dict.fromkeys((*ranked, *vocabulary.tables)), _DOZEN // 2))


@dataclass(frozen=True)
class _Word:
    """What a word of the question weighs to a table that knows it; `named`: it is close to a name there, or a value;
    `home`: it is what the table's domain is called."""

    weight: float
    named: bool
    home: bool = False


Known = dict[str, dict[int, _Word]]  # table to the words that it knows, by position


def groups(question: str, vocabulary: Vocabulary) -> list[Group]:
    """The groups that know any of the words, the one that knows most first."""
    known = _known(tokens(question), vocabulary)
    found: list[Group] = []
    for tables in _related(known, vocabulary.neighbourhoods):
        related = frozenset[str]().union(*(vocabulary.islands[table] for table in tables))
        if len(related) <= WHOLE:
            found.append(_group(known, related))
        else:
            found += _cut_out(known, tables, vocabulary.graph)
    return sorted(found, key=lambda group: (-group.weight, sorted(group.tables)))


def _known(words: tuple[Token, ...], vocabulary: Vocabulary) -> Known:
    """By name and by value; a word that few tables have weighs more than one that many have."""
    known: Known = {}
    plain = [said or _was_done(word) for said, word in zip(sayable(words), words, strict=True)]
    for at, token in enumerate(words):
        if token.kind == "word" and token.fold not in FUNCTION_WORDS:
            for stem, cost in vocabulary.spelling.near(token).items():
                close = cost <= _CLOSE and not plain[at] and token.stem not in EMPTY
                _note(known, [at], vocabulary.postings[stem], vocabulary, plain, cost=cost, named=close)
            _note(known, [at], vocabulary.at_home.get(token.stem, ()), vocabulary, plain, home=True)
        for length, tables in _holders(words, at, vocabulary):
            _note(known, range(at, at + length), tables, vocabulary, plain)
    return known


def _was_done(word: Token) -> bool:
    """Who keeps when orders were placed knows no more than others of customers who placed an order.

    But who has savings knows of a saving account.
    """
    return done_by(word) and not word.fold.endswith("ing")


def _holders(words: tuple[Token, ...], at: int, vocabulary: Vocabulary) -> Iterator[tuple[int, set[str]]]:
    """The values that begin at a word: how many words each has, and the tables that hold it.

    What is quoted may also be a word of longer values: a title that contains 'river'.
    """
    if words[at].kind == "quoted":
        text, values = words[at].text, vocabulary.values
        yield 1, {hit.table for hit in (*values.find(text), *values.near(text, _LONGER))}
    elif words[at].kind == "word" and words[at].fold not in FUNCTION_WORDS:
        pieces = [value_key(token.text) for token in words[at : at + _DOZEN] if token.kind != "quoted"]
        for length, hits, _ in vocabulary.values.spans([piece for piece in pieces if piece]):
            yield min(length, len(words) - at), {hit.table for hit in hits}


def _note(
    known: Known,
    positions: Iterable[int],
    tables: Collection[str],
    vocabulary: Vocabulary,
    plain: list[bool],
    *,
    cost: float = 0.0,
    named: bool = True,
    home: bool = False,
) -> None:
    """What can be read without a schema says little of what is asked about: ordered, number, placed."""
    weight = log(1 + len(vocabulary.tables) / max(len(tables), 1)) * (1 - cost)
    noted = {at: _Word(weight * (_PLAIN if plain[at] else 1.0), named and not plain[at], home) for at in positions}
    for table in tables:
        mine = known.setdefault(table, {})
        for at, word in noted.items():
            mine[at] = _better(word, mine[at]) if at in mine else word


def _better(one: _Word, other: _Word) -> _Word:
    """A word counts once, by how it is known best."""
    return _Word(max(one.weight, other.weight), one.named or other.named, one.home or other.home)


def _related(known: Known, neighbourhoods: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The tables that know something, by the neighbourhood that they are of."""
    found: dict[frozenset[str], list[str]] = {}
    for table in known:
        found.setdefault(neighbourhoods[table], []).append(table)
    return list(found.values())


def _group(known: Known, tables: frozenset[str]) -> Group:
    """Each word counts once, by who knows it best."""
    best: dict[int, _Word] = {}
    for table in tables:
        for at, word in known.get(table, {}).items():
            best[at] = _better(word, best[at]) if at in best else word
    names = frozenset(at for at, word in best.items() if word.named)
    at_home = any(word.named and word.home for word in best.values())
    return Group(tables, names, sum(word.weight for word in best.values()), at_home)


def _weight(words: Mapping[int, _Word]) -> float:
    return sum(word.weight for word in words.values())


def _cut_out(known: Known, tables: list[str], graph: Graph) -> Iterator[Group]:
    """Groups around the tables that know most: each with those of its neighbours that know something, too."""
    ranked = sorted(tables, key=lambda table: (-_weight(known[table]), table))
    seen: set[frozenset[str]] = set()
    for seed in ranked[:_SEEDS]:
        around = _around(seed, graph)
        group = frozenset([table for table in ranked if table in around][:_DOZEN]) | {seed}
        if group not in seen:
            seen.add(group)
            yield _group(known, group)


def _around(seed: str, graph: Graph) -> set[str]:
    found = edge = {seed}
    for _ in range(_NEAR):
        edge = {near.to for table in edge for near in graph.edges.get(table, ())} - found
        found = found | edge
    return found
