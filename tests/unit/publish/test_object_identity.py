"""The same file is the same object; another file, key or product is another one."""

from __future__ import annotations

from typing import Any

import pytest

from datamesh.publish.content import content_id, object_id
from datamesh.publish.forming import execution_name, new_batch_id
from tests.support.publishing import START

MD5 = "9e107d9d372bb6826bd81d3542a419d6"
PLAIN: dict[str, Any] = {"ETag": f'"{MD5}"', "ContentLength": 43}


def test_a_sha256_of_the_whole_object_is_enough() -> None:
    head = PLAIN | {"ChecksumSHA256": "abc=", "ChecksumCRC32": "x", "ChecksumType": "FULL_OBJECT"}
    assert content_id(head) == "sha256:abc="
    assert content_id(head | {"ETag": '"other"'}) == "sha256:abc="


def test_a_sha256_of_parts_depends_on_the_parts_and_is_not_used() -> None:
    head = PLAIN | {"ChecksumSHA256": "abc=-2", "ChecksumType": "COMPOSITE"}
    assert content_id(head) == f"etag:{MD5}:43"


def test_a_crc_is_joined_by_size_and_md5() -> None:
    assert content_id(PLAIN | {"ChecksumCRC64NVME": "q"}) == f"crc64nvme:q:43:{MD5}"
    assert content_id(PLAIN | {"ChecksumCRC32": "q", "ETag": f'"{MD5}-3"'}) == "crc32:q:43"


@pytest.mark.parametrize("sse", ["aws:kms", "aws:kms:dsse"])
def test_under_kms_the_etag_is_no_md5_and_says_nothing(sse: str) -> None:
    first, second = (
        PLAIN | {"ChecksumCRC32": "q", "ServerSideEncryption": sse, "ETag": e} for e in (f'"{MD5}"', '"f0"')
    )
    assert content_id(first) == content_id(second) == "crc32:q:43"


def test_without_any_checksum_etag_and_size_have_to_do() -> None:
    assert content_id(PLAIN) == f"etag:{MD5}:43"


def test_an_object_is_product_key_content_and_nonce() -> None:
    one = object_id("flights", "flights/1.csv", "c")
    assert one == object_id("flights", "flights/1.csv", "c", "")
    others = {
        object_id("planes", "flights/1.csv", "c"),
        object_id("flights", "flights/2.csv", "c"),
        object_id("flights", "flights/1.csv", "d"),
        object_id("flights", "flights/1.csv", "c", "again"),
        object_id("flights", "flights/1.cs", "vc"),
    }
    assert one not in others
    assert len(others) == 5


def test_batch_ids_sort_by_time_and_name_executions() -> None:
    ids = {new_batch_id(START) for _ in range(50)}
    assert len(ids) == 50
    assert all(batch_id.startswith("20130101T120000Z-") for batch_id in ids)
    assert execution_name("b", 1) == "b"
    assert execution_name("b", 3) == "b-3"
