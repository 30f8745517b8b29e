"""What is recorded of calls, and what S3 tells of objects that are not there."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.core import iam_evaluator
from ministack.services import s3

from cli.local.permissions import denying, kind

LAKE = "arn:aws:s3:::lake"
SCHEDULE = "arn:aws:scheduler:us-east-1:1:schedule/default/datamesh-dev"


@pytest.mark.parametrize(
    ("arn", "recorded"),
    [
        (LAKE, LAKE),
        (f"{LAKE}/tables/flights_v1/data/batch=1/0.parquet", f"{LAKE}/tables/*/data/*"),
        (f"{LAKE}/tables/flights_v1/metadata/v1.json", f"{LAKE}/tables/*/metadata/*"),
        (f"{LAKE}/batches/flights/1/manifest.json", f"{LAKE}/batches/*"),
        (f"{LAKE}/knowledge/pack-1.json", f"{LAKE}/knowledge/pack-*"),
        (f"{LAKE}/knowledge/fleet/planes.json", f"{LAKE}/knowledge/*"),
        (f"{LAKE}/flights/2013.csv", f"{LAKE}/*"),
        (f"{LAKE}/access/1f-2e/1.json", f"{LAKE}/access/*"),
        (f"{SCHEDULE}-access-{'0f' * 16}", f"{SCHEDULE}-access-*"),
        (f"{SCHEDULE}-fleet-sweep", f"{SCHEDULE}-fleet-sweep"),
        ("arn:aws:glue:us-east-1:1:table/db/flights_v1", "arn:aws:glue:us-east-1:1:table/db/*"),
        ("arn:aws:dynamodb:us-east-1:1:table/ledger", "arn:aws:dynamodb:us-east-1:1:table/ledger"),
        ("arn:aws:states:us-east-1:1:execution:publish:7", "arn:aws:states:us-east-1:1:execution:publish:*"),
        ("arn:aws:kms:us-east-1:1:key/7d6f", "arn:aws:kms:us-east-1:1:key/*"),
        ("arn:aws:execute-api:us-east-1:1:ab12/v1/POST/ask", "arn:aws:execute-api:us-east-1:1:*/v1/*"),
    ],
)
def test_a_resource_is_recorded_without_what_differs_each_time(arn: str, recorded: str) -> None:
    assert kind(arn) == recorded


@pytest.mark.parametrize(("there", "may_list", "status"), [(True, False, 200), (False, True, 404), (False, False, 403)])
def test_an_absent_object_is_told_of_to_those_only_who_may_list(
    there: bool, may_list: bool, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def enforce(*arguments: Any) -> str | None:
        asked.append(arguments)
        return None if may_list else "denied"

    monkeypatch.setattr(iam_evaluator, "enforce", enforce)
    monkeypatch.setattr(s3, "_ensure_bucket", lambda bucket: {})
    read = denying(lambda *_: (200 if there else 404, {}, b""))
    headers = {"authorization": "AWS4-HMAC-SHA256 Credential=KEY/20261129/us-east-1/s3/aws4_request, Signature=1"}

    assert read("lake", "contracts/x", headers)[0] == status
    assert asked == ([] if there else [("KEY", "s3:ListBucket", "s3", "us-east-1", LAKE)])
    assert read("lake", "contracts/x", {})[0] == (200 if there else 404)  # whoever signs nothing is not asked
