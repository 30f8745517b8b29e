"""Every file of the corpus ends as published, partial or rejected, for its reasons, all rows accounted for, in time."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus.case import Case
from tests.corpus.outcomes import CASES, outcome

_SECONDS = 60  # for the largest, on a machine that has other things to do


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_file_ends_as_it_must(case: Case, tmp_path: Path) -> None:
    began = time.monotonic()

    found = outcome(case, tmp_path)

    assert found == case.outcome
    assert found.rows[0] == found.rows[2] + (found.rows[1] if found.end != "rejected" else 0)
    assert time.monotonic() - began < _SECONDS


def test_there_are_files_of_every_kind_and_none_twice() -> None:
    names = Counter(str(case) for case in CASES)
    assert len(CASES) >= 150
    assert not [name for name, count in names.items() if count > 1]
    assert {case.outcome.end for case in CASES} == {"published", "partial", "rejected"}
