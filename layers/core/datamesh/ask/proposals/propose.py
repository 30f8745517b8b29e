"""All proposals for contracts that are looked at together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.ask.proposals.columns import columns
from datamesh.ask.proposals.looking import Looked, Seen
from datamesh.ask.proposals.relations import relations
from datamesh.ask.proposals.tables import labels, vocabulary
from datamesh.contract.evidence import Evidence
from datamesh.contract.finding import Finding
from datamesh.contract.model import Contract
from datamesh.contract.rules.subject import Subject

__all__ = ["propose"]


def propose(
    subjects: Sequence[Subject], evidence: Evidence | None = None, others: Sequence[Contract] = ()
) -> list[list[Finding]]:
    """The proposals for each contract, in the order of its lines; all of severity info.

    Without evidence, those that the text alone gives. `others` are contracts that references may lead to.
    """
    looked = [_looked(subject, evidence) for subject in subjects]
    seen = [table for tables in looked for table in tables] + [
        Seen(contract, table, evidence) for contract in others for table in contract.tables
    ]
    return [sorted(_of(tables, seen), key=lambda f: (f.line, f.path, f.rule)) for tables in looked]


def _looked(subject: Subject, evidence: Evidence | None) -> list[Looked]:
    return [Looked(subject.contract, at.table, evidence, subject, at) for at in subject.tables()]


def _of(tables: Sequence[Looked], seen: Sequence[Seen]) -> Iterator[Finding]:
    for looked in tables:
        yield from relations(looked, seen)
        yield from columns(looked)
        yield from labels(looked)
    yield from vocabulary(tables)
