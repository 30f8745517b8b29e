"""The life of a contract: from the landing object to the contract in force.

`check` says whether it may be applied; `apply` looks again, for another may have been applied since, and then:

    1  prepares the table                     may be repeated; adds to what is there, never takes away
    2  copies the bytes to the lake           a version has one text: the ledger refuses another under its number
    3  puts the product's state               only after the state that was looked at; a race is tried again
    4  settles the table                      renames and drops, while the contract stands in the ledger
    5  tells ContractApplied                  may be told twice, with the same sequence
    6  records the outcome                    for whoever pushed it and waits

A crash after any of them is tried again from the start by the state machine. S3's events can come late and twice: what
is older than the contract in force is refused, and the same bytes put again are applied without a new sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from botocore.exceptions import ClientError
from pydantic import BaseModel

from datamesh.contract.finding import Finding
from datamesh.contract.lint import has_errors
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.contract.source import MAX_BYTES
from datamesh.errors import CommitConflict, ContractError
from datamesh.events import ContractApplied, ContractRejected, ObjectPointer
from datamesh.lake import layout
from datamesh.publish.arrivals import ObjectCreated
from datamesh.publish.ledger import ContractOutcome, ProductState
from datamesh.publish.plane import Plane
from datamesh.publish.succession import Landed, against, alone, successor

__all__ = ["Checked", "Tables", "apply", "check", "contract_in_force"]

_MAX_FINDINGS = 50  # what an event carries


@dataclass(frozen=True)
class Tables:
    """What makes tables follow their contracts (lake/evolution.py), which needs more than this part of the house has.

    The last argument of `settle` says whether the contract is in force.
    """

    prepare: Callable[[Contract, ProductState], object]
    settle: Callable[[Contract, ProductState, Callable[[], bool]], object]


class Checked(BaseModel):
    """Whether a contract may be applied, and which version of which object that is about."""

    verdict: Literal["accepted", "applied", "rejected"]
    product: str
    contract: ObjectPointer
    version: str = ""
    modified_at: datetime | None = None
    sequencer: str = ""


def check(plane: Plane, created: ObjectCreated) -> Checked:
    """Lints a contract that was put and compares it with the one in force. What is rejected is told and recorded."""
    at = created.detail.object
    pointer = ObjectPointer(bucket=created.detail.bucket.name, key=at.key, version_id=at.version_id)
    product = layout.parse_contract_key(at.key)
    if product is None:
        why = "a contract is put as contracts/<product>.odcs.yaml"
        return _rejected(plane, Checked(verdict="rejected", product=at.key, contract=pointer), [_gone("key", why)])
    landed = _read(plane, pointer, at.sequencer)
    if landed is None:
        why = "the object was deleted before it was read"
        return _rejected(plane, Checked(verdict="rejected", product=product, contract=pointer), [_gone("object", why)])
    findings, _, _ = _judged(plane, product, landed)
    checked = Checked(
        verdict="accepted",
        product=product,
        contract=landed.pointer,
        version=_version_of(landed),
        modified_at=landed.modified_at,
        sequencer=landed.sequencer,
    )
    return _rejected(plane, checked, findings) if has_errors(findings) else checked


def apply(plane: Plane, checked: Checked, *, tables: Tables) -> Checked:
    """Puts an accepted contract into force; may be repeated. Rejected when a newer one came between.

    Raises CommitConflict when another apply of the product is at work, ContractError when the object has gone.
    """
    landed = _read(plane, checked.contract, checked.sequencer)
    if landed is None:
        raise ContractError(f"the contract of {checked.product} is gone", hint="Put it again.")
    findings, in_force, contract = _judged(plane, checked.product, landed)
    if contract is None or has_errors(findings):
        return _rejected(plane, checked, findings)
    state = _next(plane, landed, contract, in_force)
    tables.prepare(contract, state)
    plane.client("s3").put_object(Bucket=state.contract.bucket, Key=state.contract.key, Body=landed.data)
    if not plane.ledger.put_product(successor(state, in_force), after=in_force):
        raise CommitConflict(f"another contract of {checked.product} was applied meanwhile")
    tables.settle(contract, state, lambda: _stands(plane, state))
    plane.emit(_told(state, plane.settings.reader_role_arn), about=state.product)
    applied = checked.model_copy(update={"verdict": "applied"})
    _record(plane, applied, "applied", findings)
    return applied


def _stands(plane: Plane, state: ProductState) -> bool:
    now = plane.ledger.product(state.product)
    held = now.of(state.major) if now else None
    return held is not None and held.digest == state.digest


def contract_in_force(plane: Plane, state: ProductState) -> Contract:
    """The contract that `state` points at, read from the lake bucket."""
    at = state.contract
    return parse(plane.client("s3").get_object(Bucket=at.bucket, Key=at.key)["Body"].read())


def _judged(plane: Plane, product: str, landed: Landed) -> tuple[list[Finding], ProductState | None, Contract | None]:
    """The findings, the state they were found against, and the contract where it may be applied."""
    findings = alone(landed, plane.settings.domain)
    if has_errors(findings):
        return findings, None, None
    in_force = plane.ledger.product(product)
    if in_force is not None:
        findings += against(landed, in_force, partial(contract_in_force, plane))
    return findings, in_force, parse(landed.data)


def _next(plane: Plane, landed: Landed, contract: Contract, in_force: ProductState | None) -> ProductState:
    """What its own major version becomes; the same bytes put again only move the time of their source on."""
    before = in_force.sequence if in_force else 0
    bucket, major = plane.settings.lake_bucket, contract.version.major
    held = in_force.of(major) if in_force else None
    again = held is not None and held.digest == landed.digest
    return ProductState(
        product=contract.product,
        contract=ObjectPointer(bucket=bucket, key=layout.applied_contract_key(contract.product, str(contract.version))),
        contract_version=str(contract.version),
        sequence=before if again else before + 1,
        database=plane.settings.glue_database,
        table=layout.table_name(contract.product, major),
        location=f"s3://{bucket}/{layout.table_prefix(contract.product, major)}",
        status=contract.status.lower(),
        source=landed.pointer,
        source_modified_at=landed.modified_at,
        source_sequencer=landed.sequencer,
        digest=landed.digest,
    )


def _told(state: ProductState, reader_role_arn: str) -> ContractApplied:
    return ContractApplied(
        product=state.product,
        version=state.contract_version,
        sequence=state.sequence,
        status=state.status,
        contract=state.contract,
        database=state.database,
        table=state.table,
        reader_role_arn=reader_role_arn,
    )


def _rejected(plane: Plane, checked: Checked, findings: Sequence[Finding]) -> Checked:
    worst_first = sorted(findings, key=lambda finding: finding.severity != "error")
    told = [finding.as_dict() for finding in worst_first[:_MAX_FINDINGS]]
    event = ContractRejected(product=checked.product, contract=checked.contract, findings=told)
    plane.emit(event, about=checked.product)
    _record(plane, checked, "rejected", worst_first)
    return checked.model_copy(update={"verdict": "rejected"})


def _record(plane: Plane, checked: Checked, outcome: Literal["applied", "rejected"], found: Sequence[Finding]) -> None:
    kept = tuple(finding.as_dict() for finding in found[:_MAX_FINDINGS])
    told = ContractOutcome(outcome=outcome, version=checked.version, findings=kept)
    plane.ledger.put_contract_outcome(checked.product, checked.contract.version_id or "null", told)


def _read(plane: Plane, pointer: ObjectPointer, sequencer: str) -> Landed | None:
    """The object in its version, or the newest where the event names none. None when it is gone.

    No more is read than lint wants to see: it has a finding for what is larger.
    """
    version = {"VersionId": pointer.version_id} if pointer.version_id else {}
    try:
        answer: dict[str, Any] = plane.client("s3").get_object(Bucket=pointer.bucket, Key=pointer.key, **version)
    except ClientError as refused:
        if refused.response["Error"]["Code"] in {"NoSuchKey", "NoSuchVersion"}:
            return None
        raise
    found = pointer.model_copy(update={"version_id": answer.get("VersionId", pointer.version_id)})
    return Landed(found, answer["Body"].read(MAX_BYTES + 1), answer["LastModified"], sequencer)


def _version_of(landed: Landed) -> str:
    try:
        return str(parse(landed.data).version)
    except ContractError:
        return ""


def _gone(rule: str, message: str) -> Finding:
    return Finding(f"contract.{rule}", "", 1, "error", message, "put it again")
