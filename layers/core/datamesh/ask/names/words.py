"""A question's words: where they stand, how they are compared, and their stems."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import snowballstemmer  # type: ignore[import-untyped]

from datamesh.ask.lexicon.english import IRREGULAR, PLURALS, SHORT_FORMS
from datamesh.registry.valuestore import fold, value_key

__all__ = [
    "Token",
    "asks_who",
    "fold",
    "in_words",
    "name_words",
    "plural",
    "singular",
    "soft",
    "stem",
    "stems",
    "tokens",
    "value_key",
]

TokenKind = Literal["word", "number", "date", "quoted", "mark"]

_TOKEN = re.compile(
    r"""
    (?P<quoted> "[^"]+" | \u201c[^\u201d]+\u201d | \u2018[^\u2019]+\u2019 | (?<!\w)'[^']+(?:'(?=\w)[^']+)*' (?!\w) )
  | (?P<date>   \d{4}-\d{2}-\d{2} )(?!\d)
  | (?P<number> [$€£]? (?:\d{1,3}(?:,\d{3})+ | \d+) (?:\.\d+)? )(?! \w )
  | (?P<owner>  ['\u2019]s\b | (?<=s)['\u2019](?!\w) )
  | (?P<negated> \w+n['\u2019]t\b )
  | (?P<word>   \w+ (?:[.&](?=\w)\w+)* )
  | (?P<some>   (?<=\w)\((?:s|es)\) )
  | (?P<mark>   [,;:?.!()%<>=/] )
    """,
    re.VERBOSE,
)
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_FULL = {"can't": "can", "won't": "will", "can\u2019t": "can", "won\u2019t": "will"}
_NO_PLURAL = ("ss", "us", "is")  # class, status, analysis
_snowball = snowballstemmer.stemmer("english")


@dataclass(frozen=True)
class Token:
    """`fold` compares without case and accents, `stem` without endings. What is quoted is one token, without quotes."""

    text: str
    fold: str
    stem: str
    kind: TokenKind
    start: int
    end: int

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper() or self.text[:1].isdigit()

    @property
    def number(self) -> int | float:
        text = self.text.lstrip("$€£").replace(",", "")
        return float(text) if "." in text else int(text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a folded word."""
    base = IRREGULAR.get(word) or SHORT_FORMS.get(word, word)
    return str(_snowball.stemWord(base))


@lru_cache(maxsize=50_000)
def stems(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in value_key(phrase).split())


@lru_cache(maxsize=50_000)
def name_words(name: str) -> tuple[str, ...]:
    """The folded words of an identifier, in full: dep_delay, PaperID, customerName2; quantity, of qty."""
    folded = (fold(word) for word in _CAMEL.findall(name))
    return tuple(SHORT_FORMS.get(word, word) for word in folded)


def in_words(name: str) -> str:
    """An identifier as it is said: dep delay."""
    return " ".join(name_words(name))


def soft(label: str) -> str:
    """A label inside a sentence: its first letter small, unless it is an abbreviation's."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def singular(rows: str) -> str:
    if rows.endswith("ies"):
        return f"{rows[:-3]}y"
    return rows[:-1] if rows.endswith("s") and not rows.endswith(_NO_PLURAL) else rows


def plural(row: str) -> str:
    *before, last = row.split(" ")
    if known := PLURALS.get(last.lower()):
        return " ".join((*before, known))
    if row.endswith("s"):
        return row
    return f"{row[:-1]}ies" if row.endswith("y") and row[-2:-1] not in tuple("aeiou") else f"{row}s"


@lru_cache(maxsize=1_000)
def tokens(question: str) -> tuple[Token, ...]:
    found: list[Token] = []
    for match in _TOKEN.finditer(question):
        kind, text, (start, end) = match.lastgroup or "mark", match.group(), match.span()
        if kind == "some":
            continue  # author(s): one or more
        if kind == "owner":
            found.append(Token("'s", "'s", "'s", "mark", start, end))
        elif kind == "negated":  # don't is do and not
            found += [
                _token(_FULL.get(fold(text), text[:-3]), "word", start, end - 3),
                _token("not", "word", end - 3, end),
            ]
        else:
            found.append(_token(text[1:-1].strip() if kind == "quoted" else text, kind, start, end))
    return tuple(found)


def asks_who(words: Sequence[Token], i: int) -> bool:
    """Whether a question, or a sentence of it, begins with who; or everybody is meant, or nobody."""
    if words[i].fold in ("everybody", "everyone", "nobody"):
        return True
    return words[i].fold in ("who", "whom") and (i == 0 or words[i - 1].fold in (".", "?", "!", ";"))


def _token(text: str, kind: str, start: int, end: int) -> Token:
    base = fold(text)
    return Token(text, base, stem(base), kind, start, end)  # type: ignore[arg-type]
