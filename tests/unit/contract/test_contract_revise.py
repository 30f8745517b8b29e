"""Version and status are written anew, and every other byte stays."""

from __future__ import annotations

import pytest

from datamesh.contract.model import Version
from datamesh.contract.parse import parse
from datamesh.contract.revise import revised
from datamesh.errors import ContractError
from tests.support.contracts import STOPS, edited


def retired(text: str) -> str:
    return revised(text.encode(), version=Version(1, 1), status="retired").decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1.0.0", "version: 1.1.0"),
        ("version:   '1.0.0'   # of the contract", "version:   '1.1.0'   # of the contract"),
        ('"version": "1.0.0"', '"version": "1.1.0"'),
    ],
)
def test_only_what_is_meant_changes(old: str, new: str) -> None:
    text = edited("version: 1.0.0", old)
    assert retired(text) == text.replace(old, new).replace("status: active", "status: retired")


def test_windows_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + STOPS.replace("\n", "\r\n")
    done = retired(text)
    assert done == text.replace("version: 1.0.0", "version: 1.1.0").replace("status: active", "status: retired")
    assert (parse(done).status, str(parse(done).version)) == ("retired", "1.1.0")


@pytest.mark.parametrize(
    "text",
    [
        "{apiVersion: v3.2.0, version: 1.0.0, status: active}",
        edited("version: 1.0.0", "version: &v 1.0.0"),
        edited("status: active", "status: >-\n  active"),
    ],
)
def test_what_stands_otherwise_is_left_to_its_owner(text: str) -> None:
    with pytest.raises(ContractError):
        retired(text)
