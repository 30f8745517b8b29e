"""Whether one contract may follow another: by age, by version, and by what it would break. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.compatibility import compare, needs_major
from datamesh.contract.finding import Finding
from datamesh.contract.lint import has_errors, lint
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.contract.source import load
from datamesh.events import ObjectPointer
from datamesh.publish.ledger import ProductState

__all__ = ["Landed", "against", "alone", "is_older"]


@dataclass(frozen=True)
class Landed:
    """A contract's landing object, read. S3's `sequencer` is empty where the event had none."""

    pointer: ObjectPointer
    data: bytes
    modified_at: datetime
    sequencer: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def alone(landed: Landed, domain: str) -> list[Finding]:
    """What lint says of a contract that was put in the landing bucket of `domain`."""
    findings = lint(landed.data, file=landed.pointer.key)
    if has_errors(findings):
        return findings
    theirs = parse(landed.data).domain
    if theirs != domain:
        findings.append(
            _error(landed, "domain.other", "domain", f"the contract is of {theirs}, this domain is {domain}")
        )
    return findings


def against(landed: Landed, in_force: ProductState, before: Contract) -> list[Finding]:
    """What speaks against replacing `before`, the contract in force, with one that stands alone without errors."""
    if is_older(landed, in_force):
        message = f"version {in_force.contract_version} was put later and is in force"
        return [_error(landed, "superseded", "version", message)]
    if landed.digest == in_force.digest:
        return []
    contract = parse(landed.data)
    if contract.version <= before.version:
        how = "still" if contract.version == before.version else "lower:"
        message = f"the contract changed and its version is {how} {contract.version}; {before.version} is in force"
        return [_error(landed, "version.not-raised", "version", message, "raise the version")]
    return list(_breaking(landed, before, contract))


def is_older(landed: Landed, in_force: ProductState) -> bool:
    """S3's sequencers order the versions of one key exactly, its times to the second only."""
    mine, theirs = landed.sequencer, in_force.source_sequencer
    same_key = in_force.source is not None and in_force.source.key == landed.pointer.key
    if mine and theirs and same_key:
        width = max(len(mine), len(theirs))  # they differ in length, and are compared padded on the right
        return mine.ljust(width, "0") < theirs.ljust(width, "0")
    return in_force.source_modified_at is not None and landed.modified_at < in_force.source_modified_at


def _breaking(landed: Landed, before: Contract, contract: Contract) -> Iterator[Finding]:
    changes = compare(before, contract)
    if not needs_major(changes, before.version, contract.version):
        return
    readers = sorted({principal for role in before.roles for principal in role.principals})
    whom = f"; it is read by {', '.join(readers)}" if readers else ""
    fix = f"keep the promise, or make it version {before.version.major + 1}.0.0: a new table beside this one"
    for change in changes:
        if change.kind == "breaking":
            at = f"{change.path}: {change.message}" if change.path else change.message
            yield _error(landed, f"breaking.{change.rule}", "schema", at + whom, fix)


def _error(landed: Landed, rule: str, path: str, message: str, fix: str = "") -> Finding:
    return Finding(rule, path, load(landed.data).line(path), "error", message, fix)
