"""What a column may be called: by who did it, when, in other words; and slips of the pen."""

from __future__ import annotations

import pytest

from datamesh.ask.names.phrases import column_phrases
from datamesh.ask.names.spelling import misspelt
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import stems


def _called(label: str, *nouns: str) -> set[tuple[str, ...]]:
    column = ColumnView(table="t", name="c", kind="text", label=label, words=stems(label))
    return {phrase.words for phrase in column_phrases(column, tuple(stems(noun) for noun in nouns))}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Directed by", "director"),
        ("Written by", "writer"),
        ("Year opened", "year of opening"),
        ("Client phone", "phone number"),
    ],
)
def test_a_column_may_be_called_so(label: str, said: str) -> None:
    assert stems(said) in _called(label, "things")


@pytest.mark.parametrize(
    ("label", "said"), [("Sent by post", "sender"), ("Opened", "year of opening"), ("Client phone", "number")]
)
def test_a_column_is_not_called_so(label: str, said: str) -> None:
    assert stems(said) not in _called(label, "things")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("teh", "the"), ("mininum", "minimum"), ("the", None), ("them", None), ("maximal", None), ("hte", "the")],
)
def test_a_slip_of_the_pen_is_one_word_of_grammar(word: str, meant: str | None) -> None:
    assert misspelt(word, frozenset(("the", "minimum", "maximum"))) == meant
