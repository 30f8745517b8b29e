"""How long the past stays, as `slaProperties` say it. Pure.

retention              what a table was. A snapshot is the table as a batch left it; what the table holds now is
                       never taken away
quarantineRetention    rows that were not published
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from datamesh.contract.model import SlaProperty

__all__ = ["DEFAULT", "duration", "is_quarantine_retention", "is_retention", "quarantine_retention", "retention"]

DEFAULT = timedelta(days=30)
_UNITS = {
    ("h", "hr", "hour"): timedelta(hours=1),
    ("d", "day"): timedelta(days=1),
    ("w", "wk", "week"): timedelta(weeks=1),
    ("m", "mo", "month"): timedelta(days=30),
    ("y", "yr", "year"): timedelta(days=365),
}
_LENGTHS = {name: length for names, length in _UNITS.items() for name in names}


def retention(sla: Sequence[SlaProperty]) -> timedelta:
    """The longest retention that is said, or `DEFAULT` where none is."""
    said = [length for item in sla if is_retention(item) and (length := duration(item)) is not None]
    return max(said, default=DEFAULT)


def quarantine_retention(sla: Sequence[SlaProperty]) -> timedelta | None:
    """The longest that is said, or None where none is: for ever."""
    said = [length for item in sla if is_quarantine_retention(item) and (length := duration(item)) is not None]
    return max(said, default=None)


def is_retention(item: SlaProperty) -> bool:
    return item.property.strip().lower() == "retention"


def is_quarantine_retention(item: SlaProperty) -> bool:
    return item.property.strip().lower() == "quarantineretention"


def duration(item: SlaProperty) -> timedelta | None:
    """`value` in `unit` (h, d, w, m or y, short or in full; a month has 30 days), or None when it is no such time."""
    unit = item.unit.strip().lower()
    length = _LENGTHS.get(unit) or _LENGTHS.get(unit.removesuffix("s"))
    try:
        return length * float(item.value) if length and float(item.value) > 0 else None
    except (TypeError, ValueError, OverflowError):
        return None
