"""mesh domain add: what it refuses before it does anything, and what it says to do next."""

from __future__ import annotations

import tomllib
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.commands.domain import next_steps
from cli.joining import Joined, check, section
from cli.target import Target, elsewhere
from datamesh.errors import UserError
from tests.support.templates import ROOT

JOINED = Joined("harbour", "222233334444", "111122223333", ("harbour",), guest="created", host="created")


class At(Target):
    @property
    def account(self) -> str:
        return "111122223333"


HERE = At("dev", SimpleNamespace(region_name="eu-west-1"))


@pytest.mark.parametrize(
    ("domain", "account", "why"),
    [
        ("Harbour", "222233334444", "no name of a domain"),
        ("platform", "222233334444", "no name of a domain"),
        ("a" * 21, "222233334444", "no name of a domain"),
        ("harbour", "2222-3333-4444", "no account"),
        ("harbour", "111122223333", "the platform's own account"),
    ],
)
def test_what_cannot_be_is_refused(domain: str, account: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        check(domain, account, HERE)


def test_what_can_be_is_not() -> None:
    check("harbour", "222233334444", HERE)


def test_the_section_deploys_the_domain_with_the_platforms_account() -> None:
    told = tomllib.loads(section(JOINED, "dev"))["harbour"]

    assert told["deploy"]["parameters"]["parameter_overrides"] == [
        "Stage=dev",
        "Domain=harbour",
        "PlatformAccountId=111122223333",
    ]
    known = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["fleet"]
    assert told.keys() == known.keys()
    for command in known:
        assert told[command]["parameters"].keys() == known[command]["parameters"].keys()
    assert told["build"] == known["build"]


def test_what_to_do_next_is_done_with_the_credentials_of_the_domain() -> None:
    build, *others = next_steps(JOINED, "dev", "harbour-admin")

    assert build == "sam build --config-env harbour"
    assert all(step.startswith("AWS_PROFILE=harbour-admin ") for step in others)


def test_on_aws_another_account_needs_a_profile_and_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Profiled:
        def __init__(self, **given: Any) -> None:
            self.profile_name, self.region_name = given["profile_name"], given["region_name"]

    with pytest.raises(UserError, match="whose credentials"):
        elsewhere(HERE, "222233334444", None)
    monkeypatch.setattr(boto3, "Session", Profiled)
    with pytest.raises(UserError, match="profile work is of account 111122223333, not 222233334444"):
        elsewhere(HERE, "222233334444", "work")
    there = elsewhere(HERE, "111122223333", "work")
    assert (there.session.profile_name, there.region, there.stage) == ("work", "eu-west-1", "dev")


def test_in_the_local_aws_an_account_is_its_key() -> None:
    local = Target("dev", boto3.Session(region_name="eu-west-1"), endpoints={"*": "https://127.0.0.1:1"})

    there = elsewhere(local, "222233334444", None)

    assert there.session.get_credentials().access_key == "222233334444"
    assert there.endpoints == local.endpoints
