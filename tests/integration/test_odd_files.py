"""The worst of the corpus through the steps themselves: each batch ends, for its reasons, and the next is taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tests.corpus.case import Case
from tests.corpus.outcomes import CASES, shown
from tests.support.lakeside import HEAD, Lakeside, environment

CONTRACT = (
    HEAD.encode()
    + b"""\
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: name, logicalType: string}
"""
)
WORST = (
    "lines and fields: texts that hold whole rows",
    "lines and fields: line ends mixed",
    "size: a line of 100 MB",
    "size: 10,000 columns",
    "characters: UTF-16, big end first, without a mark",
    "characters: rows of two encodings",
    "JSON: an array",
    "JSON: a deep value",
    "Parquet: a page of zeros",
    "Avro: a block that says it is endless",
    "ORC: whole",
    "workbooks: cells at the far corners",
    "packed: gzip, cut off",
    "packed: zstd, a bomb",
    "zips: a member with bad rows",
    "zips: a bomb by ratio",
    "zips: encrypted",
)


@pytest.fixture(scope="module")
def world(server: ThreadedMotoServer) -> Iterator[Lakeside]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(server).items():
            patch.setenv(name, value)
        yield Lakeside.build(CONTRACT)


def found(words: str) -> Case:
    [case] = [case for case in CASES if str(case) == words]
    return case


@pytest.mark.parametrize("case", [found(words) for words in WORST], ids=str)
def test_a_batch_of_the_worst_ends_as_it_must(world: Lakeside, case: Case) -> None:
    before = len(world.rows("id"))
    batch_id = world.batch(case.make(), names=[case.file])

    done = world.run(batch_id)
    world.ledger.release("things", batch_id, attempt=1)

    batch = world.standing(batch_id)
    _, published, bad = case.outcome.rows
    ends = {"published": "committed", "partial": "committed", "rejected": "rejected"}
    assert done.verdict == ends[case.outcome.end]
    assert {shown(reason) for reason in done.reasons} == case.outcome.reasons
    if case.outcome.end != "rejected":
        assert batch.counts is not None
        assert (batch.counts.rows_published, batch.counts.rows_quarantined) == (published, bad)
    assert len(world.rows("id")) == before + published
