"""Service levels: those that the mesh keeps can be read."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.contract.finding import Finding
from datamesh.contract.retention import DEFAULT, duration, is_quarantine_retention, is_retention
from datamesh.contract.rules.subject import Subject

__all__ = ["check"]


def check(subject: Subject) -> Iterator[Finding]:
    for index, item in enumerate(subject.contract.sla):
        if duration(item) is not None:
            continue
        if is_retention(item):
            yield _no_time(subject, index, f"old states of the table stay for {DEFAULT.days} days")
        elif is_quarantine_retention(item):
            yield _no_time(subject, index, "rows stay in quarantine for ever")


def _no_time(subject: Subject, index: int, instead: str) -> Finding:
    return subject.warning(
        "sla.retention",
        f"slaProperties[{index}]",
        f"this is no time that can be kept; {instead}",
        "write a value above 0 and a unit: h, d, w, m or y",
    )
