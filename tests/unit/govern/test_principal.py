"""One form for every caller."""

from __future__ import annotations

import pytest

from datamesh.errors import AccessDenied, ContractError, UserError
from datamesh.govern.principal import canonical, canonical_of_declared, declared_arn, own_arn

ANALYST = "arn:aws:iam::111122223333:role/analyst"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("arn:aws:sts::111122223333:assumed-role/analyst/ann@example.org", ANALYST),
        ("arn:aws:iam::111122223333:role/analyst", ANALYST),
        ("arn:aws:iam::111122223333:role/teams/data/analyst", ANALYST),
        ("arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:user/ann"),
        ("arn:aws:iam::111122223333:user/people/ann", "arn:aws:iam::111122223333:user/ann"),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ("arn:aws-cn:sts::111122223333:assumed-role/analyst/s", "arn:aws-cn:iam::111122223333:role/analyst"),
    ],
)
def test_every_way_a_caller_is_shown_becomes_one_form(shown: str, expected: str) -> None:
    assert canonical(shown) == expected


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "analyst",
        "role/analyst",
        "arn:aws:sts::111122223333:federated-user/ann",
        "arn:aws:sts::111122223333:assumed-role/analyst",
        "arn:aws:sts::111122223333:assumed-role/analyst/session/more",
        "arn:aws:iam::1111:role/analyst",
        "arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/analyst",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/ana lyst",
        "arn:aws:iam::111122223333:role/analyst\n",
        "arn:aws:iam::111122223333:group/analyst",
        "arn:aws:s3:::bucket/role/analyst",
    ],
)
def test_an_unknown_kind_of_caller_is_nobody(shown: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        canonical(shown)
    assert denied.value.rule == "principal"


def test_a_contract_names_roles_of_its_own_account_shortly() -> None:
    assert canonical_of_declared("role/analyst", "111122223333") == ANALYST


def test_a_contract_names_roles_elsewhere_by_arn_and_the_path_is_kept_for_lake_formation() -> None:
    declared = "arn:aws:iam::444455556666:role/teams/analyst"
    assert declared_arn(declared, "111122223333") == declared
    assert canonical_of_declared(declared, "111122223333") == "arn:aws:iam::444455556666:role/analyst"


@pytest.mark.parametrize(
    "arn", [ANALYST, "arn:aws:iam::111122223333:role/analyst", "arn:aws:iam::111122223333:role/data/teams/analyst"]
)
def test_a_caller_says_what_path_it_has(arn: str) -> None:
    assert own_arn(arn, ANALYST) == arn


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:role/data/analyst2",
        "arn:aws:iam::444455556666:role/data/analyst",
        "arn:aws:iam::111122223333:user/analyst",
        "arn:aws:sts::111122223333:assumed-role/analyst/session",
        f"arn:aws:iam::111122223333:role/{'x' * 700}/analyst",
        "role/analyst",
        "analyst",
    ],
)
def test_nobody_takes_the_arn_of_somebody_else(arn: str) -> None:
    with pytest.raises(UserError, match="not that of the caller"):
        own_arn(arn, ANALYST)


@pytest.mark.parametrize("declared", ["analyst", "role/a/b", "user/ann", "*", "role/*", "arn:aws:iam::1:role/x", ""])
def test_what_is_no_role_is_no_principal_of_a_contract(declared: str) -> None:
    with pytest.raises(ContractError):
        declared_arn(declared, "111122223333")
