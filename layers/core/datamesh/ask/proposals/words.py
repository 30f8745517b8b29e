"""Which names say something: to somebody who asks, and about what is measured."""

from __future__ import annotations

from datamesh.ask.lexicon.english import ADJECTIVES, IRREGULAR, SHORT_FORMS, UNIT_NAMES, UNIT_WORDS, UNITS
from datamesh.ask.names.words import name_words, stem, value_key

__all__ = ["AMOUNTS", "NO_AMOUNTS", "NO_LABELS", "NO_NUMBERS", "TYPES", "says_nothing", "says_unit"]


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


_COUNTED = _stems(
    "size capacity population enrollment time hour age birth birthday born year built founded date people"
)
AMOUNTS = (
    frozenset(stem(noun) for tiers in ADJECTIVES.values() for tier in tiers for noun in tier.nouns)
    | _stems("amount salary revenue budget fare payment balance sales turnover expense pressure energy power distance")
) - _COUNTED
"""Nouns of what is measured in something: a figure of it without its unit says little."""

NO_AMOUNTS = _stems("year month day date hour minute time latitude longitude lat lon lng tz zone rank position")
"""What is a number, and nobody wants the average of."""

NO_NUMBERS = _stems(
    "id key code no number phone telephone mobile fax zip postcode postal version isbn ssn iban account card"
)
"""What is written in digits, and is no number: nobody computes with it."""

NO_LABELS = NO_NUMBERS | _stems(
    "address street email mail url uri link website homepage description note comment remark text summary detail detail"
    " password hash token login user date time picture image photo file path position coordinate location address line"
    " result score reason"
)
"""What may be different in every row, and is not what a row is called."""

TYPES = _stems("type status state code category kind flag gender sex mode")
"""What the name of a column of codes ends in."""

_SHORT_WORDS = """
act add ads age aid air all alt and any api app apr arm art at aug bag bar bat bay bed bet bid bin bit box boy bus
by cap car cat cd cpu cup cut day dec dog dot dpi dr dvd ear egg end era eu eye fan fat fax feb fee fit fog for fox
fri fun gap gas gdp gmt god gpa gum gun has hat hit hp hr hub ice id if in ink ip is isbn iso jan jar jet job joy
jul jun key kid km2 lab lap lat law leg lie lip lng log lon lot low m2 man map mar max may min mix mon mpg mr ms net
new no not nov oct odd of oil old on or own pay pc per pet pit pop pub ram rat raw ray red rib rod row rpm run sat
sea sep sex sky son sq ssn st std sum sun tag tax tea tel thu tie to toe ton top toy tue tv uk uri url us usb use
utc van vat vs war was way web wed win won yes zip
"""
_KNOWN = frozenset((*UNIT_WORDS, *UNITS, *UNIT_NAMES, *IRREGULAR, *SHORT_FORMS, *_SHORT_WORDS.split()))
_VOWELS = frozenset("aeiouy")


def says_nothing(name: str, bare: frozenset[str]) -> bool:
    """Whether an identifier has no word that a reader knows, apart from `bare` stems such as id and code."""
    words = [word for word in name_words(name) if not word.isdigit() and stem(word) not in bare]
    return bool(words) and all(map(_is_short_form, words))


def _is_short_form(word: str) -> bool:
    if word in _KNOWN or not word.isascii():
        return False
    return len(word) <= 3 or not _VOWELS & set(word)


def says_unit(*texts: str) -> bool:
    """Whether one of the texts names what something is measured in."""
    return any(stem(word) in _UNIT_STEMS for text in texts for word in value_key(text).split())


_UNIT_STEMS = (
    frozenset(stem(word) for word in (*UNIT_WORDS, *UNITS, *UNIT_NAMES, *(n for ns in UNIT_NAMES.values() for n in ns)))
    - _stems("people unit piece star point million billion thousand")
) | _stems("celsius fahrenheit gbp chf jpy franc yen ounce watt volt kelvin bar pascal acre hectare")
