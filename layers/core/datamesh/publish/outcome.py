"""What became of a batch, written down before its commit, whose snapshot names it.

Some of it can be told only while the table stands as it did: which rows were superseded, what checks over the whole
table said. So whoever finds that a batch has landed reads it here, and finds out nothing anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from datamesh.contract.profile import Profile
from datamesh.lake import layout
from datamesh.publish.gate import Verdict
from datamesh.publish.manifest import Attempt
from datamesh.publish.results import StagedFile

__all__ = ["OUTCOME", "Outcome", "load", "save"]

OUTCOME = "datamesh.outcome"  # in the summary of a batch's snapshot: the key of its outcome in the lake bucket


class Outcome(BaseModel):
    """`files` are those that the table is given, `quarantine` the keys of the bad rows' files.

    `profile` is the table's as of the snapshot; `arrivals` as in plan.py.
    """

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    quarantine: tuple[str, ...]
    files: tuple[StagedFile, ...]
    profile: Profile
    arrivals: Mapping[str, str] = {}


def save(outcome: Outcome, at: Attempt, *, s3: Any, bucket: str) -> str:
    """Its key: one of its own each time, for two invocations may come to different ones, and one of them commits."""
    key = layout.outcome_key(at.product, at.batch_id, at.attempt, secrets.token_hex(4))
    s3.put_object(Bucket=bucket, Key=key, Body=outcome.model_dump_json().encode(), ContentType="application/json")
    return key


def load(key: str, *, s3: Any, bucket: str) -> Outcome:
    return Outcome.model_validate_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
