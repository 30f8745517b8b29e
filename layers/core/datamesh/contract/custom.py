"""The `datamesh.*` entries of a customProperties list, as the vocabulary of their place reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from datamesh.contract.vocabulary import PREFIX, Place

__all__ = ["Problem", "read"]

P = TypeVar("P", bound=Place)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one custom property: its place in the list and what its value breaks."""

    index: int
    name: str
    message: str
    unknown: bool = False


def read(place: type[P], custom: Iterable[Any]) -> tuple[P, tuple[Problem, ...]]:
    """The `datamesh.*` entries of a customProperties list; what is wrong is left out of the model and told."""
    values: dict[str, Any] = {}
    at: dict[str, int] = {}
    problems: list[Problem] = []
    for index, entry in enumerate(custom):
        name = entry.get("property") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name.startswith(PREFIX):
            continue
        if name in values:
            problems.append(Problem(index, name, "stands twice here; the first one counts"))
            continue
        values[name] = entry.get("value")
        at[name] = index
    while True:
        try:
            return place.model_validate(values), tuple(problems)
        except ValidationError as error:
            wrong = {str(e["loc"][0]): e for e in error.errors()}
            for name, first in wrong.items():
                problems.append(_problem(at[name], name, first))
                del values[name]


def _problem(index: int, name: str, error: Any) -> Problem:
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        return Problem(index, name, "this is not in the vocabulary here", unknown=True)
    message = error["msg"]
    if error["type"] == "string_pattern_mismatch":
        wanted = "neither role/<name> nor arn:aws:iam::<account>:role/<name>"
        if name == "datamesh.partitionTransform":
            wanted = "none of identity, year, month, day, hour and truncate[width]"
        message = f"`{error['input']}` is {wanted}"
    inside = ".".join(str(step) for step in error["loc"][1:])
    return Problem(index, name, f"{inside}: {message}" if inside else message)
