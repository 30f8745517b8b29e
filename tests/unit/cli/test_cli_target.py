"""Where the mesh is, what is in it, and as whom it is spoken to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import target
from cli.local import processes, state
from cli.local.state import State
from cli.target import Target, near, parse_product
from datamesh.errors import UnknownProduct, UserError

KNOWN = {
    "/datamesh/dev/platform/api-id": "abc",
    "/datamesh/dev/fleet/ledger-table": "fleet",
    "/datamesh/dev/fleet/landing-bucket": "fleet-landing",
    "/datamesh/dev/operations/ledger-table": "operations",
}
PRODUCTS = {"fleet": ["planes"], "operations": ["flights"]}


class Ssm:
    def get_paginator(self, operation: str) -> Ssm:
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        return [{"Parameters": [{"Name": name, "Value": value}]} for name, value in KNOWN.items()]


class Book:
    def __init__(self, table: str) -> None:
        self._held = PRODUCTS[table]

    def products(self) -> list[Any]:
        return [SimpleNamespace(product=name) for name in self._held]

    def product(self, name: str) -> Any:
        return next((held for held in self.products() if held.product == name), None)


@dataclass(frozen=True)
class Mesh(Target):
    stage: str = "dev"
    session: Any = field(default_factory=lambda: SimpleNamespace(region_name="us-east-1"))

    def client(self, service: str) -> Any:
        return Ssm()

    def table(self, name: str) -> Any:
        return name


@pytest.fixture(autouse=True)
def _books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "Ledger", Book)


def test_domains_are_what_has_parameters_and_is_not_the_platform() -> None:
    assert Mesh().domains() == ["fleet", "operations"]
    assert Mesh().parameters("fleet")["landing-bucket"] == "fleet-landing"
    assert Mesh().products() == ["fleet.planes", "operations.flights"]


def test_a_product_is_found_by_its_name() -> None:
    found = Mesh().product("fleet.planes")

    assert (found.domain, found.product, str(found)) == ("fleet", "planes", "fleet.planes")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fleet.plane", "did you mean fleet.planes?"),
        ("flet.planes", "did you mean fleet.planes?"),
        ("sales.invoices", "there are fleet.planes, operations.flights"),
    ],
)
def test_an_unknown_product_names_those_that_are_near(name: str, hint: str) -> None:
    with pytest.raises(UnknownProduct) as failure:
        Mesh().product(name)

    assert failure.value.hint == hint


@pytest.mark.parametrize("name", ["planes", "fleet.", ".planes", "fleet.planes.v1", "fleet/planes", ""])
def test_a_product_is_written_domain_dot_product(name: str) -> None:
    with pytest.raises(UserError, match="no product name"):
        parse_product(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("flet", "did you mean fleet?"),
        ("harbour", "those of another account want its credentials; here are fleet, operations"),
    ],
)
def test_an_unknown_domain_names_those_that_are_near_or_may_be_elsewhere(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"this account has no domain {name}") as failure:
        Mesh().parameters(name)

    assert failure.value.hint == hint


def test_an_empty_mesh_says_so() -> None:
    assert near("a.b", [], "there are") == "there are none yet"


def test_no_local_mesh_was_ever_started(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="was started here") as failure:
        target.local(tmp_path)

    assert "mesh up" in failure.value.hint


def test_the_local_mesh_was_killed(tmp_path: Path) -> None:
    state.save(State(aws_port=1, lakeformation_port=2), tmp_path)

    with pytest.raises(UserError, match="not running"):
        target.local(tmp_path)


def test_the_local_mesh_is_spoken_to_as_its_root_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "alive", lambda *_: 1)
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere")
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("no_proxy", "intranet")
    state.save(State(aws_port=4566, lakeformation_port=4567), tmp_path)

    mesh = target.local(tmp_path)

    assert mesh.is_local
    assert mesh.session.get_credentials().access_key == "111122223333"
    assert mesh.client("sqs").meta.endpoint_url == "https://127.0.0.1:4566"
    assert mesh.client("lakeformation").meta.endpoint_url == "http://127.0.0.1:4567"
    assert "127.0.0.1" in os.environ["NO_PROXY"]


def test_an_account_is_found_as_the_sdk_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    mesh = target.account("prod")

    assert not mesh.is_local
    assert mesh.client("ssm").meta.endpoint_url == "https://ssm.eu-central-1.amazonaws.com"


def test_an_account_without_a_region_is_the_users_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(UserError, match="no region"):
        _ = target.account("prod").region


def test_a_role_is_known_with_its_path_where_that_may_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        root = Target(stage="dev", session=boto3.Session(region_name="us-east-1"))
        iam, arn = root.client("iam"), "arn:aws:iam::123456789012:role/data/teams/reader"
        iam.create_role(RoleName="reader", Path="/data/teams/", AssumeRolePolicyDocument="{}")
        reader = replace(root.as_role(arn), arn="")
        assert reader.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/reader/mesh")
        assert reader.own_arn() == arn
        # Where it cannot be, nobody guesses; and who assumed a role named it
        iam.delete_role(RoleName="reader")
        assert reader.own_arn() == ""
        assert root.as_role(arn).own_arn() == arn
        # And a user is shown with theirs
        user = SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:aws:iam::123456789012:user/teams/ann"})
        monkeypatch.setattr(Target, "client", lambda *_: user)
        assert root.own_arn() == "arn:aws:iam::123456789012:user/teams/ann"
