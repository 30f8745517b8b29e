"""The team: somebody of it decides on requests for access, and whoever is called an owner does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from datamesh.contract.fields import text
from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject
from datamesh.contract.team import day, members

__all__ = ["check"]

_PRINCIPALS = "customProperties: [{property: datamesh.principals, value: [role/<name>]}]"
_MEMBER = f"{{username: <who>, {_PRINCIPALS}}}"


def check(subject: Subject) -> Iterator[Finding]:
    """Nothing of a retired product, for which nobody asks any more. One that is yet to come is told in time."""
    if subject.contract.status.lower() == "retired":
        return
    everybody = members(subject.source.data)
    yield from _dates(subject, everybody)
    silent = [(path, raw) for path, raw in everybody if not subject.says(path, "datamesh.principals")]
    if len(silent) == len(everybody):
        message = "nobody of the team has datamesh.principals: no request for access to it can be decided on"
        fix = f"write at who decides: {_PRINCIPALS}" if everybody else f"write: {_team(subject)}"
        at = "team" if "team" in subject.source.data else ""
        yield subject.warning("team.owners", at, message, fix)
        return
    deciding = [raw for path, raw in everybody if (path, raw) not in silent]
    if all(raw.get("dateOut") for raw in deciding):
        message = (
            "whoever of the team has datamesh.principals has a dateOut, too: from then on nobody decides on requests"
        )
        yield subject.warning("team.owners", "team", message, f"write at who stays: {_PRINCIPALS}")
    for path, raw in silent:
        if text(raw, "role").lower() == "owner" and not raw.get("dateOut"):
            message = f"{_name(raw)} is called owner, and decides on no request without datamesh.principals"
            yield subject.warning("team.owner", path, message, f"write there: {_PRINCIPALS}")


def _dates(subject: Subject, everybody: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    for path, raw in everybody:
        for name in ("dateIn", "dateOut"):
            try:
                day(raw, name)
            except ValueError:
                message = f"the {name} of {_name(raw)} is no day: until it is one, the member decides on nothing"
                yield subject.error("team.date", f"{path}.{name}", message, f"write {name}: '2026-01-31'")


def _team(subject: Subject) -> str:
    as_list = subject.contract.api_version.startswith("v3.0")
    return f"team: [{_MEMBER}]" if as_list else f"team: {{members: [{_MEMBER}]}}"


def _name(raw: Mapping[str, Any]) -> str:
    return f"`{text(raw, 'name') or text(raw, 'username') or '?'}`"
