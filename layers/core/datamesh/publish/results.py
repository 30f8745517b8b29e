"""What the steps of a batch leave for each other in S3: the result of one slice."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from datamesh.contract.profile import Profile
from datamesh.events import Reason
from datamesh.lake import layout

__all__ = ["SliceResult", "StagedFile", "load", "save"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class StagedFile(_Frozen):
    """A Parquet file in the table's data path, not yet of the table. `uri` is s3://bucket/key, `size` in bytes.

    `place` is that of its object in the manifest; where rows of several objects are in one file, of the first of them.
    """

    uri: str
    rows: int
    size: int
    place: int = 0


class SliceResult(_Frozen):
    """What became of a slice. `rows_in` is the sum of the other three.

    `hits` counts the rows that broke each rule, in the order of `rules.rules`. `refused` says why a file of the slice
    could not be read at all: then its batch is rejected. `notes` are what was let pass. `unasked` are rules, by number,
    that could not be carried out.
    """

    slice: int
    attempt: int
    rows_in: int = 0
    rows_good: int = 0
    rows_bad: int = 0
    rows_superseded: int = 0
    hits: tuple[int, ...] = ()
    unasked: tuple[int, ...] = ()
    refused: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    files: tuple[StagedFile, ...] = ()
    quarantine: tuple[str, ...] = ()
    profile: Profile


def save(result: SliceResult, product: str, batch_id: str, *, s3: Any, bucket: str) -> None:
    key = layout.slice_result_key(product, batch_id, result.attempt, result.slice)
    s3.put_object(Bucket=bucket, Key=key, Body=result.model_dump_json().encode(), ContentType="application/json")


def load(product: str, batch_id: str, attempt: int, slice_number: int, *, s3: Any, bucket: str) -> SliceResult:
    key = layout.slice_result_key(product, batch_id, attempt, slice_number)
    return SliceResult.model_validate_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
