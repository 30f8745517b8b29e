"""Questions whose answers a product's owners vouch for: asked alike, answered by the owners' statement. Pure."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from datamesh.contract.model import Contract

__all__ = ["VerifiedQuestion", "matching", "nearest", "normalise", "verified_questions"]

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_APOSTROPHE = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")
_PUNCTUATION = re.compile(r"[^\w\s.,%<>=+/-]|[.,](?!\d)|(?<!\d)[.,]|(?<!\S)[-/+]+(?!\S)")
_NEAR = 0.5  # likeness, of 0 to 1, from which a question is much like another


@dataclass(frozen=True)
class VerifiedQuestion:
    """`sql` answers `question`, say the owners of `product`, for the reason or with the remark in `note`."""

    product: str
    question: str
    sql: str
    note: str = ""


def normalise(question: str) -> str:
    """`question` without what does not change its meaning: case, width, punctuation around words, spaces.

    Numbers and signs that can be part of a value stay: two questions that differ in a value stay different.
    """
    text = unicodedata.normalize("NFKC", question).casefold()
    text = _APOSTROPHE.sub("", _THOUSANDS.sub("", text))
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def verified_questions(contracts: Iterable[Contract]) -> list[VerifiedQuestion]:
    """Every verified statement of `contracts` that has SQL, by product."""
    return [
        VerifiedQuestion(contract.name, statement.question, statement.sql, statement.answer)
        for contract in sorted(contracts, key=lambda contract: contract.name)
        for statement in contract.verified
        if statement.sql
    ]


def matching(question: str, known: Iterable[VerifiedQuestion]) -> list[VerifiedQuestion]:
    """Those of `known` that ask just what `question` asks."""
    asked = normalise(question)
    return [verified for verified in known if normalise(verified.question) == asked]


def nearest(question: str, known: Iterable[VerifiedQuestion]) -> list[VerifiedQuestion]:
    """Those of `known` that are much like `question`, the likest first."""
    asked = normalise(question).split()
    rated = [(_likeness(asked, normalise(verified.question).split()), verified) for verified in known]
    return [verified for rate, verified in sorted(rated, key=lambda pair: -pair[0]) if rate >= _NEAR]


def _likeness(one: list[str], other: list[str]) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
