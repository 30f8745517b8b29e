"""Data cells filters show no more than the policy, whichever way Lake Formation adds them up, and take from nobody."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.governed import MOST_FILTERS
from datamesh.contract.masks import Mask
from datamesh.contract.model import Contract, Role
from datamesh.govern.filters import OWN_FILTERS, CellsFilter, filters_of
from datamesh.govern.projection import OwnRoles, TableGrant, wanted
from datamesh.govern.rights import Rights, rights_of
from tests.support.governed import contract_of

ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/analyst"
COLUMNS = ("a", "b", "c")
MASK = Mask("hash")
CONDITIONS = {"a = 'x'": "\"a\" = 'x'", "b <> 'y'": "\"b\" <> 'y'", "c IS NULL": '"c" IS NULL'}

Shown = frozenset[tuple[str, str]]  # columns, and of which rows: a condition, or "" for all


def role(name: str, **given: Any) -> Role:
    return Role(name, principals=("role/analyst",), **given)


def contract(*roles: Role) -> Contract:
    return contract_of("crm.people", COLUMNS, roles)


def held(*roles: Role) -> tuple[CellsFilter, ...]:
    promised = contract(*roles)
    return filters_of(promised.table, rights_of(promised, ACCOUNT, ANALYST))


def test_a_right_to_some_rows_is_a_filter_of_its_clear_columns_named_after_its_rule() -> None:
    (one,) = held(role("EMEA & more", columns=("c", "a"), masks=(("c", MASK),), rows="b <> 'y'"))
    assert (one.columns, one.rows) == (("a",), "\"b\" <> 'y'")
    assert one.name.startswith(f"{OWN_FILTERS}role-emea-more-")


def test_filters_of_one_principal_have_the_columns_that_all_its_rights_share() -> None:
    some = role("some", columns=("a", "b"), rows="a = 'x'")
    more = role("more", columns=("b", "c"), rows="c IS NULL")
    assert [(each.columns, each.rows) for each in held(some, more)] == [
        (("b",), "\"a\" = 'x'"),
        (("b",), '"c" IS NULL'),
    ]
    assert [each.columns for each in held(some)] == [("a", "b")]
    # And where none is shared, there is none
    assert held(some, role("last", columns=("c",), rows="c IS NULL")) == ()


def test_who_is_shown_a_column_of_all_rows_has_no_filter() -> None:
    some = role("some", columns=("a", "b"), rows="a = 'x'")
    assert held(some, role("all", columns=("c",))) == ()
    # But all rows of a mask are nothing to Lake Formation
    assert [each.columns for each in held(some, role("all", columns=("c",), masks=(("c", MASK),)))] == [("a", "b")]


def test_a_right_that_gives_nothing_there_narrows_no_other() -> None:
    some = role("some", columns=("a", "b"), rows="a = 'x'")
    masked = role("masked", columns=("c",), masks=(("c", MASK),), rows="c IS NULL")
    assert held(some, masked) == held(some, role("broken", columns=("c",), rows="length(c) = 1")) == held(some)


def test_one_role_of_many_is_one_filter_for_all_of_them() -> None:
    two = Role("some", principals=("role/analyst", "role/guest"), columns=("a",), rows="a = 'x'")
    own = OwnRoles(f"arn:aws:iam::{ACCOUNT}:role/reader")
    want = wanted(contract(two), account=ACCOUNT, database="d", table="t", own=own)
    (one,) = want.filters
    assert {grant for grant in want.grants if grant.filter} == {
        TableGrant(f"arn:aws:iam::{ACCOUNT}:role/{name}", filter=one.name) for name in ("analyst", "guest")
    }


def test_no_more_filters_are_granted_than_lake_formation_takes() -> None:
    roles = (role(f"r{number}", columns=("a",), rows=f"a = '{number}'") for number in range(MOST_FILTERS + 1))
    assert len(held(*roles)) == MOST_FILTERS


ROLES = st.lists(
    st.builds(
        lambda columns, rows, masked: role(
            f"{columns}{rows}{masked}", columns=columns, rows=rows, masks=tuple((name, MASK) for name in masked)
        ),
        st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True).map(tuple),
        st.sampled_from(["", *CONDITIONS]),
        st.lists(st.sampled_from(COLUMNS), max_size=1),
    ),
    max_size=4,
)


def projected(rights: Rights, promised: Contract) -> Shown:
    """What a principal's grants show by themselves, each."""
    if rights.plain:
        return frozenset(product(rights.plain, [""]))
    back = {expression: text for text, expression in CONDITIONS.items()}
    found = filters_of(promised.table, rights)
    return frozenset((column, back[each.rows]) for each in found for column in each.columns)


def given_by(roles: tuple[Role, ...]) -> tuple[Rights, Contract]:
    promised = contract(*roles)
    return rights_of(promised, ACCOUNT, ANALYST), promised


@given(ROLES.map(tuple))
def test_every_column_shown_of_every_row_shown_is_what_the_policy_shows(roles: tuple[Role, ...]) -> None:
    # Given what Lake Formation is given, and that it puts all columns together and all rows
    rights, promised = given_by(roles)
    shown = projected(rights, promised)
    together = {(column, rows) for column, _ in shown for _, rows in shown}
    # Then each of them is shown by one right of those rows, or of all
    by_policy = {(column, right.rows) for right in rights.each for column in right.clear}
    assert all((column, rows) in by_policy or (column, "") in by_policy for column, rows in together)


@given(ROLES.map(tuple), st.data())
def test_taking_a_right_away_takes_nothing_that_another_gave(roles: tuple[Role, ...], data: st.DataObject) -> None:
    if not roles:
        return
    gone = data.draw(st.sampled_from(roles))
    left = tuple(each for each in roles if each != gone)
    before, after = projected(*given_by(roles)), projected(*given_by(left))
    # Whatever was shown is shown still, unless it was only the right that went that gave it
    of_others = {(column, right.rows) for right in given_by(left)[0].each for column in right.clear}
    assert before & of_others <= after
