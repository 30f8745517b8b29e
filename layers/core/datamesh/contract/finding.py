"""One thing that lint found: a value, not an exception."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Finding", "Level"]

Level: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """`path` is like `schema[0].properties[3].name`; `line` counts from 1; `fix` says what to write instead.

    An error keeps the contract from being applied; a warning does not. An info proposes what would serve questions, and
    its fix is YAML to add. `consumers` are the principals whose work it would break, where it is about a change.
    """

    rule: str
    path: str
    line: int
    severity: Level
    message: str
    fix: str
    consumers: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Its fields; `consumers` only where there are any."""
        told = asdict(self)
        consumers = told.pop("consumers")
        return told | {"consumers": list(consumers)} if consumers else told
