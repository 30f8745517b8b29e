"""Publishes a file of the corpus as far as that goes without AWS, with as little memory as a small function has."""

from __future__ import annotations

from pathlib import Path

from datamesh.contract.model import Contract, Version
from datamesh.events import Reason
from datamesh.publish.job import Engine
from datamesh.publish.try_out import try_out
from tests.corpus import binaries, characters, documents, packed, texts, values
from tests.corpus.case import Case, Outcome

__all__ = ["CASES", "outcome", "shown"]

CASES: tuple[Case, ...] = (
    *texts.CASES,
    *characters.CASES,
    *values.CASES,
    *documents.CASES,
    *binaries.CASES,
    *packed.CASES,
)
ENGINE = Engine(memory_mb=300, threads=2)


def outcome(case: Case, place: Path) -> Outcome:
    path = place / case.file
    path.write_bytes(case.make())
    contract = Contract("c", "testing", "things", Version(1), "active", "v3.2.0", (case.table,))
    done = try_out(contract, [path], workdir=place / "work", engine=ENGINE, sample=0)
    counts = done.counts
    return Outcome(
        done.status,
        (counts.rows_in, counts.rows_published, counts.rows_quarantined),
        frozenset(shown(reason) for reason in done.reasons),
    )


def shown(reason: Reason) -> str:
    column = "" if reason.column is None else f":{reason.column}"
    return f"{reason.rule}{column}{f'={reason.rows}' if reason.rows else ''}"
