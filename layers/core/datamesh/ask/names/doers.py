"""Those who do something are not what is done: the publisher is no date of publication, reviews are no reviewers."""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.ask.names.naming import Target
from datamesh.ask.names.spelling import VERB_STEMS, family, verb_form
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, name_words, singular, stem, value_key

__all__ = ["mistaken"]

_DOERS = ("er", "or")


def mistaken(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """Whether these words would name who did it for what was done, or the other way round."""
    return _for_a_date(words, target, vocabulary) or _for_the_doers(words[-1], target, vocabulary)


def _for_a_date(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """Who did it, for when it was done: the publisher is no date of publication."""
    agents = {singular(token.fold) for token in words} if target.kind == "column" else set()
    if not any(word.endswith(_DOERS) and family(stem(word)) for word in agents):
        return False
    column = vocabulary.column(target.table, target.name)
    return column.dated and not agents & {*name_words(column.name), *value_key(column.label).split()}


def _for_the_doers(word: Token, target: Target, vocabulary: Vocabulary) -> bool:
    """What is done, for those who do it: reviews are no reviewers, though they have one stem."""
    said = singular(word.fold)
    if target.kind == "measure" or verb_form(word) or said.endswith(_DOERS) or stem(said) not in VERB_STEMS:
        return False
    named = vocabulary.column(target.table, target.name) if target.name else vocabulary.tables[target.table]
    *_, last = value_key(named.label).split() or ("",)
    return last != said and singular(last).endswith(_DOERS) and stem(last) == stem(said)
