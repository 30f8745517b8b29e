"""One thing that lint found: a value, not an exception."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from datamesh.contract.model import Severity

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """`path` is like `schema[0].properties[3].name`; `line` counts from 1; `fix` says what to write instead.

    An error keeps the contract from being applied; a warning does not.
    """

    rule: str
    path: str
    line: int
    severity: Severity
    message: str
    fix: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
