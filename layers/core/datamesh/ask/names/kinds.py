"""Values that are nouns: what rows are, where a column says of which kind each is (engineers, females, defenders)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.ask.lexicon.english import KIND_COLUMNS, SEXES
from datamesh.ask.names.words import name_words

__all__ = ["says_kind", "sexes"]

_SEX = ("sex", "gender")
_CODES = {form: words for code, words in SEXES.items() for form in (code, *words)}


def says_kind(column: str, label: str) -> bool:
    """Whether a column says of which kind its rows are: a type, a job, a gender."""
    return any(_kind_last(words) for words in (name_words(column), name_words(label)))


def _kind_last(words: tuple[str, ...]) -> bool:
    """job; job title"""
    said = words[:-1] if words[-1:] == ("title",) else words
    return bool(said) and said[-1] in KIND_COLUMNS


def sexes(column: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words for the values of a column of sexes, each with its value: men and males, for M."""
    words = name_words(column)
    if not words or words[-1] not in _SEX or any(value.strip().lower() not in _CODES for value in values):
        return
    for value in values:
        for said in _CODES[value.strip().lower()]:
            yield said, value
