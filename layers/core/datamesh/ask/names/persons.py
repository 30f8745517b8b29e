"""People by their two names, where a table keeps these in two columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.ask.names.values import Hit
from datamesh.ask.names.vocabulary import Vocabulary

__all__ = ["MOST_WORDS", "people"]

MOST_WORDS = 3  # words of a person's names


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
