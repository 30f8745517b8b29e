"""Those who do something are not what is done: the publisher is no date of publication, reviews are no reviewers."""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.ask.lexicon.verbs import VERBS
from datamesh.ask.names.naming import Target
from datamesh.ask.names.spelling import VERB_STEMS, family, verb_form
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, name_words, singular, stem, value_key

__all__ = ["mistaken"]

_DOERS = ("er", "or")
_NUMBER = stem("number")
_BEING = frozenset(("is", "are", "was", "were", "be", "been", "has", "have", "had"))


def mistaken(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """Whether these words would name who did it for what was done, or the other way round."""
    return (
        _for_a_date(words, target, vocabulary)
        or _for_the_doers(words[-1], target, vocabulary)
        or _for_a_compound(words, target, vocabulary)
        or _for_a_flag(words, target, vocabulary)
        or _for_a_count(words, target, vocabulary)
    )


def _for_a_count(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """How many there are, for what is written on each: the number of cards is no card number."""
    if target.kind != "column" or len(words) < 3 or (words[0].stem, words[1].fold) != (_NUMBER, "of"):
        return False
    last = words[-1].fold
    return singular(last) != last and vocabulary.column(target.table, target.name).words[-1:] == (_NUMBER,)


def _for_a_flag(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """What is said, for a column that says whether it is so: editions were sold out, public operators."""
    if target.kind != "column" or vocabulary.column(target.table, target.name).no is None:
        return False
    own = name_words(target.name)
    thing = len(words) > 1 and any(noun[-1:] == (words[-1].stem,) for noun in vocabulary.tables[target.table].nouns)
    return thing or any(word.fold in _BEING and word.fold not in own for word in words)


def _for_a_compound(words: Sequence[Token], target: Target, vocabulary: Vocabulary) -> bool:
    """What things do, for rows of what they do: the lines stop (there), which are no line stops."""
    if target.kind != "table" or len(words) < 2 or words[-1].fold not in VERBS:
        return False
    doers = words[-2].fold
    return singular(doers) != doers and doers not in value_key(vocabulary.tables[target.table].label).split()


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
