"""Whether one contract may follow another: by age, by version, and by what it would break. Pure.

A product may have several major versions at a time, each with a contract in force and a table of its own. A contract
follows the one of its own major version; the first of a higher one stands beside those before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.change import Change, needs_major
from datamesh.contract.compatibility import compare
from datamesh.contract.finding import Finding
from datamesh.contract.lint import has_errors, lint
from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.contract.source import Source, load
from datamesh.events import ObjectPointer
from datamesh.govern.policy import readers
from datamesh.publish.ledger import ProductState

__all__ = ["Landed", "against", "alone", "is_older", "successor"]

_NAMED = 10  # consumers in a finding: an event carries many of these
_AFTER_NOTICE = ("column.removed", "column.renamed", "measure.removed", "measure.renamed", "measure.changed")


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
            _error(
                landed,
                "domain.other",
                "domain",
                f"the contract is of {theirs}, this domain is {domain}",
                f"push it to {theirs}",
            )
        )
    return findings


def successor(applied: ProductState, in_force: ProductState | None) -> ProductState:
    """The product's state once `applied`, the state of one of its major versions, has come into it."""
    others = [held for held in in_force.majors if held.major != applied.major] if in_force else []
    newest, *earlier = sorted([applied, *others], key=lambda held: held.major, reverse=True)
    return newest.model_copy(update={"earlier": tuple(earlier), "sequence": applied.sequence})


def against(landed: Landed, product: ProductState, contract_of: Callable[[ProductState], Contract]) -> list[Finding]:
    """What speaks against putting one that stands alone without errors into force.

    `contract_of` gives the contract in force of one of the product's major versions.
    """
    contract = parse(landed.data)
    in_force = product.of(contract.version.major)
    if in_force is None:
        return [] if contract.version.major > product.major else [_not_raised(landed, contract, product)]
    if is_older(landed, in_force):
        message = f"version {in_force.contract_version} was put later and is in force"
        return [_error(landed, "superseded", "version", message, "put the newest version again, if it is to follow")]
    if landed.digest == in_force.digest:
        return []
    before = contract_of(in_force)
    if contract.version <= before.version:
        return [_not_raised(landed, contract, in_force)]
    found = _breaking(landed, before, contract)
    if contract.status.lower() == "retired" and in_force.major < product.major:  # the newer version was its notice
        return [finding for finding in found if finding.rule != "breaking.status"]
    return list(found)


def _not_raised(landed: Landed, contract: Contract, in_force: ProductState) -> Finding:
    how = "still" if str(contract.version) == in_force.contract_version else "lower:"
    there = f"{in_force.contract_version} is in force"
    message = f"the contract changed and its version is {how} {contract.version}; {there}"
    return _error(landed, "version.not-raised", "version", message, "raise the version")


def is_older(landed: Landed, in_force: ProductState) -> bool:
    """S3's sequencers order the versions of one key exactly, its times to the second only."""
    mine, theirs = landed.sequencer, in_force.source_sequencer
    same_key = in_force.source is not None and in_force.source.key == landed.pointer.key
    if mine and theirs and same_key:
        width = max(len(mine), len(theirs))  # they differ in length, and are compared padded on the right
        return mine.ljust(width, "0") < theirs.ljust(width, "0")
    return in_force.source_modified_at is not None and landed.modified_at < in_force.source_modified_at


def _breaking(landed: Landed, before: Contract, contract: Contract) -> Iterator[Finding]:
    """Each change that breaks something, with those who read what it is about."""
    changes = compare(before, contract)
    if not needs_major(changes, before.version, contract.version):
        return
    source = load(landed.data)
    for change in changes:
        if change.kind == "breaking":
            path, whom = _path(source, change), readers(before, change.columns)
            message = (f"{change.path}: " if change.path else "") + change.message + _read_by(whom)
            rule, fix = f"breaking.{change.rule}", _fix(change, before)
            yield Finding(rule, path, source.line(path), "error", message, fix, consumers=whom[:_NAMED])


def _read_by(whom: Sequence[str]) -> str:
    more = f" and {len(whom) - _NAMED} more" if len(whom) > _NAMED else ""
    return f"; it is read by {', '.join(whom[:_NAMED])}{more}" if whom else ""


def _fix(change: Change, before: Contract) -> str:
    major = f"version {before.version.major + 1}.0.0: a new table beside this one"
    if change.rule == "status":
        return "put a version of status deprecated first"
    if change.rule in _AFTER_NOTICE:
        return f"put a version first in which it is `deprecated: true`, or make it {major}"
    return f"keep the promise, or make it {major}"


def _path(source: Source, change: Change) -> str:
    """Where the new contract says what changed: its column, or the schema where none has that name."""
    table, _, name = change.path.rpartition(".")
    columns = source.get("schema[0].properties")
    places = enumerate(columns if table and isinstance(columns, list) else ())
    found = (f"schema[0].properties[{i}]" for i, raw in places if isinstance(raw, dict) and raw.get("name") == name)
    return next(found, "status" if change.rule == "status" else "schema")


def _error(landed: Landed, rule: str, path: str, message: str, fix: str) -> Finding:
    return Finding(rule, path, load(landed.data).line(path), "error", message, fix)
