"""The team of a contract as ODCS writes it, and who of it decides on access. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from datamesh.contract.custom import read
from datamesh.contract.fields import mappings, text
from datamesh.contract.model import Owner
from datamesh.contract.vocabulary import MemberProperties

__all__ = ["day", "members", "owners"]


def members(contract: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Each with its place in the contract. ODCS v3.0 has a list, v3.1 an object that holds it."""
    team = contract.get("team")
    if isinstance(team, Mapping):
        path, listed = "team.members", mappings(team, "members")
    else:
        path, listed = "team", mappings(contract, "team")
    return [(f"{path}[{index}]", member) for index, member in enumerate(listed)]


def owners(contract: Mapping[str, Any]) -> tuple[Owner, ...]:
    """As whom members decide. None of a member of whom a day cannot be read: it may be over."""
    return tuple(dict.fromkeys(owner for _, member in members(contract) for owner in _owners(member)))


def day(member: Mapping[str, Any], name: str) -> date | None:
    """`dateIn` or `dateOut`; None where there is none. Raises ValueError for what is no day."""
    return date.fromisoformat(text(member, name)) if member.get(name) else None


def _owners(member: Mapping[str, Any]) -> list[Owner]:
    try:
        since, until = day(member, "dateIn"), day(member, "dateOut")
    except ValueError:
        return []
    ours, _ = read(MemberProperties, mappings(member, "customProperties"))
    return [Owner(principal, since, until) for principal in ours.principals]
