"""The team: somebody of it decides on requests for access, and whoever is called an owner does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datamesh.contract.fields import mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject

__all__ = ["check"]

_PRINCIPALS = "customProperties: [{property: datamesh.principals, value: [role/<name>]}]"
_MEMBER = f"{{username: <who>, {_PRINCIPALS}}}"


def check(subject: Subject) -> Iterator[Finding]:
    """Nothing of a retired product, for which nobody asks any more. One that is yet to come is told in time."""
    if subject.contract.status.lower() == "retired":
        return
    members = list(_members(subject))
    silent = [(path, raw) for path, raw in members if not subject.says(path, "datamesh.principals")]
    if len(silent) == len(members):
        message = "nobody of the team has datamesh.principals: no request for access to it can be decided on"
        fix = f"write at who decides: {_PRINCIPALS}" if members else f"write: {_team(subject)}"
        at = "team" if "team" in subject.source.data else ""
        yield subject.warning("team.owners", at, message, fix)
        return
    for path, raw in silent:
        if text(raw, "role").lower() == "owner":
            message = f"{_name(raw)} is called owner, and decides on no request without datamesh.principals"
            yield subject.warning("team.owner", path, message, f"write there: {_PRINCIPALS}")


def _members(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each with its place. ODCS v3.0 has a list, v3.1 an object that holds it."""
    team = subject.source.get("team")
    path, listed = "team", mappings(subject.source.data, "team")
    if isinstance(team, dict):
        path, listed = "team.members", mappings(team, "members")
    return ((f"{path}[{index}]", raw) for index, raw in enumerate(listed))


def _team(subject: Subject) -> str:
    as_list = subject.contract.api_version.startswith("v3.0")
    return f"team: [{_MEMBER}]" if as_list else f"team: {{members: [{_MEMBER}]}}"


def _name(raw: Mapping[str, Any]) -> str:
    return f"`{text(raw, 'name') or text(raw, 'username') or '?'}`"
