"""In what Lake Formation differs from the policy, as people are told."""

from __future__ import annotations

from dataclasses import replace

from datamesh.contract.model import Role
from datamesh.govern.differences import Difference, differences
from datamesh.govern.filters import CellsFilter
from datamesh.govern.projection import OwnRoles, State, TableGrant, wanted
from datamesh.govern.tags import LFTags
from tests.support.governed import contract_of

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}:role/"
OWN = OwnRoles(f"{IAM}reader", admin=f"{IAM}apply-grants", watchers=(f"{IAM}check-access",))


def want(*roles: Role) -> State:
    contract = contract_of("crm.people", ("id", "email"), roles)
    return wanted(contract, account=ACCOUNT, database="d", table="people_v1", own=OWN)


def told(existing: State, wants: State) -> list[tuple[str, ...]]:
    return [(it.way, it.kind, it.principal.rpartition("/")[2], it.on, it.rule) for it in differences(existing, wants)]


ALL = Role("all", principals=("role/analyst",))
SOME = Role("some", principals=("role/guest",), columns=("id",), rows="email IS NULL")
MORE = Role("more", principals=("role/guest",), columns=("id", "email"), rows="id = '1'")


def test_what_stands_as_wanted_does_not_differ() -> None:
    assert differences(want(ALL, SOME), want(ALL, SOME)) == ()


def test_what_the_policy_gives_and_is_not_there_is_missing_with_the_rule_that_gives_it() -> None:
    # Given somebody who took the analysts' grant away, and the guests' filter
    wants = want(ALL, SOME)
    grants = frozenset(grant for grant in wants.grants if grant.principal == OWN.reader)
    existing = replace(wants, grants=grants, filters=frozenset())
    (cells,) = wants.filters
    shown = f'{cells.name}: id where "email" IS NULL'
    assert told(existing, wants) == [
        ("missing", "filter", "", shown, "role:some"),
        ("missing", "grant", "analyst", "all columns", "role:all"),
        ("missing", "grant", "analyst", "all columns", "role:all"),
        ("missing", "grant", "guest", shown, "role:some"),
    ]


def test_what_stands_there_and_nothing_gives_is_too_much() -> None:
    wants = want(ALL)
    theirs = CellsFilter("datamesh-posing", (), "")
    more = (
        TableGrant(f"{IAM}stranger", columns=("email", "id"), grantable=True),
        TableGrant(f"{IAM}stranger", excluded=("email",)),
        TableGrant(f"{IAM}stranger", filter="datamesh-posing"),
        TableGrant(f"{IAM}stranger", filter="theirs"),
        TableGrant("IAM_ALLOWED_PRINCIPALS", permission="ALL"),
    )
    existing = replace(wants, grants=wants.grants | set(more), filters=frozenset({theirs}))
    assert {(it.principal.rpartition("/")[2], it.permission, it.on) for it in differences(existing, wants)} == {
        ("IAM_ALLOWED_PRINCIPALS", "ALL", "all columns"),
        ("stranger", "SELECT with grant option", "email, id"),
        ("stranger", "SELECT", "all columns but email"),
        ("stranger", "SELECT", "datamesh-posing: columns by wildcard where any row"),
        ("stranger", "SELECT", "theirs"),
        ("", "", "datamesh-posing: columns by wildcard where any row"),
    }
    assert {it.way for it in differences(existing, wants)} == {"too much"}


def test_a_filter_that_holds_something_else_is_too_much_and_missing() -> None:
    wants = want(SOME)
    (cells,) = wants.filters
    existing = replace(wants, filters=frozenset({replace(cells, rows="TRUE")}))
    assert [(way, kind) for way, kind, *_ in told(existing, wants)] == [("missing", "filter"), ("too much", "filter")]


def test_tags_and_settings_that_are_missing_are_told_too() -> None:
    wants = want()
    tags = LFTags(wants.tags.database, {**wants.tags.table, "classification": "public"}, {"id": {"tier": "gold"}})
    nobody: frozenset[str] = frozenset()
    existing = replace(wants, tags=tags, tag_values={}, admins=nobody, watchers=nobody)
    found = differences(existing, wants)
    assert Difference("people_v1", "missing", "settings", OWN.admin, "administrator", "the account", "mesh") in found
    assert ("missing", "tag", "the table") in {(it.way, it.kind, it.on) for it in found}
    assert ("too much", "tag", "id") in {(it.way, it.kind, it.on) for it in found}
    watching = [it for it in found if it.permission == "reading administrator"]
    assert [it.principal for it in watching] == list(OWN.watchers)
    ontology = {it.permission for it in found if it.on == "the account" and it.kind == "tag"}
    assert ontology == {f"{key}={', '.join(sorted(values))}" for key, values in wants.tag_values.items()}


def test_rules_of_a_principal_are_those_that_show_something() -> None:
    both = want(ALL, replace(ALL, name="again", columns=("id",)), SOME, MORE)
    rules = {(grant.principal.rpartition("/")[2], rule) for grant, rule in both.rules.items()}
    assert rules == {
        ("reader", ("mesh",)),
        ("analyst", ("role:all", "role:again")),
        ("guest", ("role:some",)),
        ("guest", ("role:more",)),
    }
