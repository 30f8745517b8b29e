"""What a reader is shown of a column in place of its values. Pure.

A mask hides a value and keeps what can be kept of it: nothing, equality, a few characters, or roughly how much it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Mask", "MaskKind", "Span", "problem"]

MaskKind = Literal["null", "hash", "partial", "bucket"]
Span = Literal["month", "quarter", "year"]

_NUMBERS = frozenset({"integer", "number", "decimal"})
_DATES = frozenset({"date", "timestamp", "timestamptz"})
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


def problem(mask: Mask, column: str, kind: str) -> str | None:
    """What keeps `mask` from being put on `column`, whose type is `kind`, or None."""
    fits = _FITS[mask.kind]
    if fits is not None and kind not in fits:
        return f"`{mask.kind}` masks {', '.join(sorted(fits))}, and `{column}` is {kind}"
    if mask.kind == "bucket" and kind in _NUMBERS and mask.width is None:
        return f"a bucket of numbers has a `width`, and that of `{column}` has none"
    if mask.kind == "bucket" and kind in _DATES and mask.span is None:
        return f"a bucket of dates has a `span`, and that of `{column}` has none"
    return None
