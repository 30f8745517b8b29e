"""Who decides on requests for access: a contract without anybody is told so, with what to write."""

from __future__ import annotations

import pytest

from datamesh.contract.lint import lint
from datamesh.contract.rules.product import STATUSES
from tests.support.contracts import STOPS, edited

TEAM = STOPS[STOPS.index("team:\n") : STOPS.index("roles:\n")]
CUSTOM = TEAM[TEAM.index("    customProperties:") :]
NOBODY = edited(TEAM, "")


def rules(text: str) -> list[str]:
    return [finding.rule for finding in lint(text.encode())]


@pytest.mark.parametrize("status", STATUSES)
def test_whoever_asks_finds_somebody_who_decides_until_the_product_is_retired(status: str) -> None:
    assert rules(edited("status: active", f"status: {status}")) == []
    unowned = rules(edited("status: active", f"status: {status}", text=NOBODY))
    assert unowned == ([] if status == "retired" else ["team.owners"])


@pytest.mark.parametrize("version", ["v3.0.2", "v3.1.0", "v3.2.0"])
def test_a_contract_without_a_team_is_told_the_yaml_of_one(version: str) -> None:
    # Given a contract without a team, of each way that ODCS writes teams
    text = edited("apiVersion: v3.2.0", f"apiVersion: {version}", text=NOBODY)
    [finding] = lint(text.encode())
    assert (finding.rule, finding.path, finding.severity) == ("team.owners", "", "warning")

    # When what it says is written, then nothing is left to say
    said = finding.fix.removeprefix("write: ").replace("<who>", "ada").replace("<name>", "dispatcher")
    assert rules(f"{text}{said}\n") == []


@pytest.mark.parametrize("team", ["team:\n  - {username: ada}\n", "team:\n  members:\n  - {username: ada}\n"])
def test_a_team_that_acts_as_nobody_is_told_what_to_write_at_a_member(team: str) -> None:
    text = edited(TEAM, team)
    [finding] = lint(text.encode())
    assert (finding.rule, finding.path) == ("team.owners", "team")

    said = finding.fix.removeprefix("write at who decides: ").replace("<name>", "dispatcher")
    assert rules(edited("{username: ada}", f"{{username: ada, {said}}}", text=text)) == []


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ("{username: bo, name: Bo, role: owner}", ["team.owner"]),
        ("{username: bo, role: Owner}", ["team.owner"]),
        ("{username: bo, role: owner, customProperties: [{property: datamesh.principals, value: [role/bo]}]}", []),
        ("{username: bo, role: owner, dateOut: '2025-06-30'}", []),
        ("{username: bo, role: steward}", []),
        ("{username: bo}", []),
    ],
)
def test_whoever_is_called_owner_decides_or_is_told_of(member: str, told: list[str]) -> None:
    found = lint(edited("team:\n", f"team:\n  - {member}\n").encode())
    assert [(finding.rule, finding.path) for finding in found] == [(rule, "team[0]") for rule in told]


def test_principals_that_are_none_are_told_once_as_such() -> None:
    assert rules(edited("role/dispatcher", "dispatcher")) == ["datamesh.value"]


@pytest.mark.parametrize("team", ["team: []\n", "team: {name: Transit}\n", "team: {members: []}\n"])
def test_a_team_of_nobody_is_none(team: str) -> None:
    assert rules(edited(TEAM, team)) == ["team.owners"]


def test_what_is_no_team_waits_until_it_is_one() -> None:
    assert rules(edited(TEAM, "team: 3\n")) == ["odcs.type"]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ("", []),
        (", dateIn: '2020-01-31'", []),
        (", dateOut: '2036-01-31'", ["team.owners"]),
        (", dateOut: '31.1.2036'", ["team.owners", "team.date"]),
        (", dateIn: '2036-02-31'", ["team.date"]),
    ],
)
def test_who_leaves_the_team_leaves_somebody_who_decides(days: str, told: list[str]) -> None:
    principal = "customProperties: [{property: datamesh.principals, value: [role/bo]}]"
    assert rules(edited(TEAM, f"team:\n  - {{username: bo, {principal}{days}}}\n")) == told
    staying = f"team:\n  - {{username: bo, {principal}{days}}}\n  - {{username: ada, {principal}}}\n"
    assert rules(edited(TEAM, staying)) == [rule for rule in told if rule == "team.date"]
