"""A question's words with all that each stretch of them may be, by the index of its first token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from datamesh.ask.dates import Period
from datamesh.ask.lexicon.english import DETERMINERS, TAIL_WORDS, UNITS
from datamesh.ask.names.naming import Target
from datamesh.ask.names.spelling import VERB_STEMS, done_by
from datamesh.ask.names.values import Hit
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, singular, stem

__all__ = ["UNIT_STEMS", "Lattice", "Literal", "Name", "Operator"]

UNIT_STEMS = frozenset(stem(word) for word in UNITS)
_ENDS = ("top", "superlative", "most")  # they say which of several


@dataclass(frozen=True)
class Operator:
    category: str
    payload: str
    start: int
    end: int


@dataclass(frozen=True)
class Name:
    """Words that may name tables, columns or measures; the likeliest first."""

    start: int
    end: int
    text: str
    targets: tuple[Target, ...]
    span: tuple[int, int] = (0, 0)  # characters of the question

    @property
    def lent(self) -> bool:
        """Whether its last word stands behind another name, which has it, too: first (and last name)."""
        return len(self.text.split()) > self.end - self.start

    def only(self, *kinds: str) -> Name | None:
        """This name for tables, columns or measures alone; None if it names none."""
        kept = tuple(t for t in self.targets if t.kind in kinds)
        return replace(self, targets=kept) if kept else None


@dataclass(frozen=True)
class Literal:
    """Text that may be a value: the columns known to hold it. Quoted, it may be a value that nobody has seen.

    `people`: the first and last names that it may be together; or a town and its state.
    """

    start: int
    end: int
    text: str
    hits: tuple[Hit, ...]
    quoted: bool
    cost: float
    span: tuple[int, int] = (0, 0)
    people: tuple[tuple[Hit, Hit], ...] = ()


@dataclass
class Lattice:
    """Everything found, by the index of its first token. `read` marks the tokens that something was found for."""

    tokens: tuple[Token, ...]
    vocabulary: Vocabulary
    operators: Mapping[int, list[Operator]] = field(default_factory=dict)
    names: Mapping[int, list[Name]] = field(default_factory=dict)
    literals: Mapping[int, list[Literal]] = field(default_factory=dict)
    periods: Mapping[int, list[tuple[int, Period]]] = field(default_factory=dict)
    deeds: Mapping[int, Name] = field(default_factory=dict)  # verbs, and the tables that keep what was done
    read: list[bool] = field(default_factory=list)
    spelt: list[list[tuple[str, float]]] = field(default_factory=list)  # the names' words that each may stand for
    corrected: list[str] = field(default_factory=list)  # words that were taken to be misspelt

    @property
    def unread(self) -> list[str]:
        return [token.text for token, read in zip(self.tokens, self.read, strict=True) if not read]

    def relation(self, i: int) -> bool:
        """Whether this is a verb that relates two things."""
        if i >= len(self.tokens) or self.tokens[i].kind != "word" or self.tokens[i].stem not in VERB_STEMS:
            return False
        if any(op.category in _ENDS for op in self.operators.get(i, ())):
            return False  # shipped last: no verb, but which of them
        return done_by(self.tokens[i]) or not self._noun(i)

    def _noun(self, i: int) -> bool:
        """Whether a word that may be a verb is a noun here: the move, moves of; card numbers."""
        before = self.tokens[i - 1].fold if i else ""
        return (
            singular(self.tokens[i].fold) in TAIL_WORDS
            or before in DETERMINERS
            or (i + 1 < len(self.tokens) and self.tokens[i + 1].fold == "of")
        )

    def unit(self, i: int) -> bool:
        return i < len(self.tokens) and self.tokens[i].stem in UNIT_STEMS
