"""One difference between two versions of a contract, and what version number differences ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from datamesh.contract.model import Version

__all__ = ["KINDS", "Change", "ChangeKind", "needs_major", "right_version"]

ChangeKind = Literal["breaking", "compatible", "documentation"]
KINDS: tuple[ChangeKind, ...] = ("breaking", "compatible", "documentation")


@dataclass(frozen=True)
class Change:
    """One difference; `path` is `table` or `table.column`, or empty for the contract as a whole.

    `columns` are the columns of the old version that it is about, None when it is about all of them. Whoever reads
    none of them does not notice it.
    """

    kind: ChangeKind
    rule: str
    path: str
    message: str
    columns: tuple[str, ...] | None = None


def needs_major(changes: Iterable[Change], old: Version, new: Version) -> bool:
    """True when something breaks and the new version does not say so by a higher major."""
    return new.major <= old.major and any(change.kind == "breaking" for change in changes)


def right_version(changes: Iterable[Change], old: Version) -> Version:
    """The number that follows `old` after these changes; `old` itself after none."""
    kinds = {change.kind for change in changes}
    if "breaking" in kinds:
        return Version(old.major + 1)
    if "compatible" in kinds:
        return Version(old.major, old.minor + 1)
    return Version(old.major, old.minor, old.patch + 1) if kinds else old
