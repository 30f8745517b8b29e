"""Tags come from the contract, and expressions over them choose columns."""

from __future__ import annotations

import pytest

from datamesh.contract.model import Column, ColumnType, Contract, Table, Version
from datamesh.errors import UserError
from datamesh.govern.tags import lf_tags, parse_expression

TEXT = ColumnType("string")
PLANES = Contract(
    "1",
    "fleet",
    "planes",
    Version(1),
    "active",
    "v3.2.0",
    (
        Table(
            "planes",
            (
                Column("tailnum", TEXT),
                Column("owner", TEXT, tags=("personal:yes", "old")),
                Column("price", TEXT, classification="Restricted"),
            ),
            tags=("tier:Gold",),
        ),
    ),
    tags=("aviation", "domain:weather", "colour:red"),
)


def test_a_tag_of_a_known_key_is_an_lf_tag_and_any_other_a_word() -> None:
    tags = lf_tags(PLANES)
    assert tags.database == {"domain": "fleet"}
    assert tags.table == {"classification": "internal", "tier": "gold"}
    assert tags.columns == {"owner": {"personal": "yes"}, "price": {"classification": "restricted"}}


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ("domain=fleet", ("tailnum", "owner", "price")),
        ("domain=fleet, personal!=yes", ("tailnum", "price")),
        ("domain=fleet, classification=internal, personal!=yes", ("tailnum",)),
        ("Domain = Fleet , classification = public | restricted", ("price",)),
        ("domain=fleet, tier=silver", ()),
        ("domain=fleet, tier!=silver, personal=yes", ("owner",)),
        ("domain=weather", ()),
    ],
)
def test_an_expression_chooses_columns_by_what_holds_for_them(expression: str, columns: tuple[str, ...]) -> None:
    assert parse_expression(expression).columns(PLANES) == columns


@pytest.mark.parametrize(
    "wrong",
    [
        "classification=internal",
        "domain=fleet|weather",
        "domain!=fleet",
        "domain=fleet, domain=weather",
        "domain=fleet, team=blue",
        "domain=fleet,",
        "domain=",
        "domain=fleet, tier=a||b",
        "domain=fleet; drop",
        "domain=fleet" + ", tier=gold" * 60,
    ],
)
def test_what_is_no_expression_over_one_domain_is_refused_and_says_why(wrong: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_expression(wrong)
    assert refused.value.message
