"""What a reader is shown of a column in place of its values. Pure.

A mask hides a value and keeps what can be kept of it: nothing, equality, a few characters, or roughly how much it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

__all__ = ["MOST_KEPT", "SPELLINGS", "Mask", "MaskKind", "Span", "problem", "read_mask", "spelled"]

MaskKind = Literal["null", "hash", "partial", "bucket"]
Span = Literal["month", "quarter", "year"]
MOST_KEPT = 64
"""Characters that `partial` may show."""
SPELLINGS = "null, hash, partial:4, bucket:10, bucket:month, bucket:quarter or bucket:year"

_NUMBERS = frozenset({"integer", "number", "decimal"})
_DATES = frozenset({"date", "timestamp", "timestamptz"})
_KEPT = re.compile(r"[1-9][0-9]?", re.ASCII)
_WIDTH = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_FITS = {
    "null": None,
    "hash": frozenset({"string", "integer", "date"}),  # of what every engine writes as the same text
    "partial": frozenset({"string"}),
    "bucket": _NUMBERS | _DATES,
}


@dataclass(frozen=True)
class Mask:
    """One way to hide the values of a column.

    - `null`: no value at all.
    - `hash`: a keyed SHA-256 in hexadecimal, the same for equal values anywhere in the mesh: rows can be counted and
      joined by it.
    - `partial`: three asterisks and the last `keep` characters; of a text shorter than twice that, only the asterisks.
    - `bucket`: the lower end of a bucket of `width` numbers, or of the `span` that a date lies in.
    """

    kind: MaskKind
    keep: int = 4
    width: float | None = None
    span: Span | None = None

    @property
    def as_text(self) -> bool:
        """Whether what is shown is text, whatever the column's type is."""
        return self.kind in ("hash", "partial")


_WORDS = {
    "null": Mask("null"),
    "hash": Mask("hash"),
    "partial": Mask("partial"),
    **{f"bucket:{span}": Mask("bucket", span=span) for span in get_args(Span)},
}


def problem(mask: Mask, column: str, kind: str) -> str | None:
    """What keeps `mask` from being put on `column`, whose type is `kind`, or None."""
    fits = _FITS[mask.kind]
    if fits is not None and kind not in fits:
        return f"`{mask.kind}` masks {', '.join(sorted(fits))}, and `{column}` is {kind}"
    if mask.kind == "bucket" and mask.width is not None and mask.span is not None:
        return f"a bucket has a `width` or a `span`, and that of `{column}` has both"
    if mask.kind == "bucket" and kind in _NUMBERS and mask.width is None:
        return f"a bucket of numbers has a `width`, and that of `{column}` has none"
    if mask.kind == "bucket" and kind in _DATES and mask.span is None:
        return f"a bucket of dates has a `span`, and that of `{column}` has none"
    return None


def spelled(mask: Mask) -> str:
    """As one writes it in a word: `null`, `hash`, `partial:4`, `bucket:year`, `bucket:0.5`."""
    if mask.kind == "partial":
        return f"partial:{mask.keep}"
    if mask.kind == "bucket":
        width = format(Decimal(repr(mask.width or 0.0)), "f").removesuffix(".0")
        return f"bucket:{mask.span or width}"
    return mask.kind


def read_mask(text: str) -> Mask:
    """What `spelled` writes; `partial` alone keeps 4. Raises ValueError for anything else."""
    if text in _WORDS:
        return _WORDS[text]
    kind, _, how = text.partition(":")
    if kind == "partial" and _KEPT.fullmatch(how) and int(how) <= MOST_KEPT:
        return Mask("partial", keep=int(how))
    if kind == "bucket" and _WIDTH.fullmatch(how) and float(how) > 0:
        return Mask("bucket", width=float(how))
    raise ValueError(text)
