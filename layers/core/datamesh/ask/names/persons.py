"""What is named by two columns of a table: people by their two names, places by what they are and what they are in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.ask.lexicon.english import PLACES, WIDER_PLACES
from datamesh.ask.names.values import Hit
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import stem

__all__ = ["MOST_WORDS", "people", "places"]

MOST_WORDS = 3  # words of a person's names
_PLACES = frozenset(stem(word) for word in PLACES)
_WIDER = frozenset(stem(word) for word in WIDER_PLACES)


def people(vocabulary: Vocabulary, words: Sequence[str]) -> tuple[tuple[Hit, Hit], ...]:
    """The first and last names that these folded words are, in either order: Ann Lee, Lee Ann."""
    if not 2 <= len(words) <= MOST_WORDS:
        return ()
    return tuple(dict.fromkeys(pair for n in range(1, len(words)) for pair in _split(vocabulary, words, n)))


def _split(vocabulary: Vocabulary, words: Sequence[str], n: int) -> Iterator[tuple[Hit, Hit]]:
    ends = vocabulary.values.find(" ".join(words[n:]))
    for one in vocabulary.values.find(" ".join(words[:n])) if ends else ():
        for other in ends:
            if one.table == other.table:
                person = vocabulary.tables[one.table].person
                if (one.column, other.column) == person:
                    yield one, other
                elif (other.column, one.column) == person:
                    yield other, one


def places(vocabulary: Vocabulary, near: Sequence[Hit], wide: Sequence[Hit]) -> tuple[tuple[Hit, Hit], ...]:
    """The town and the state that two values are beside each other: Springfield, Ohio. One pair of a table: none where
    it has two such."""
    found: dict[str, list[tuple[Hit, Hit]]] = {}
    for one in near:
        for other in wide if _words(vocabulary, one) & _PLACES else ():
            if one.table == other.table and one.column != other.column and _words(vocabulary, other) & _WIDER:
                found.setdefault(one.table, []).append((one, other))
    return tuple(pairs[0] for pairs in found.values() if len(pairs) == 1)


def _words(vocabulary: Vocabulary, hit: Hit) -> frozenset[str]:
    return vocabulary.column(hit.table, hit.column).all_words
