"""Which snapshots may go: pure, over made-up histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.model import SlaProperty
from datamesh.contract.retention import DEFAULT, duration, quarantine_retention, retention
from datamesh.lake.history import Past, expendable

START = datetime(2013, 1, 1, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[Past]:
    batches = draw(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), max_size=12))
    held = draw(st.sets(st.integers(0, 11)))
    return [
        Past(n, START + timedelta(days=n), f"{batch}{n}" if batch else None, n in held)
        for n, batch in enumerate(batches)
    ]


@given(history=histories(), days=st.integers(0, 14), kept=st.integers(1, 5), told=st.sets(st.sampled_from("abcd")))
def test_only_what_is_old_told_of_and_neither_held_nor_among_the_newest_goes(
    history: list[Past], days: int, kept: int, told: set[str]
) -> None:
    before = START + timedelta(days=days)

    gone = set(expendable(history, before=before, is_told=lambda batch: batch[0] in told, kept=kept))

    stays = [past for past in history if past.snapshot_id not in gone]
    assert len(stays) >= min(kept, len(history))
    assert history[-kept:] == stays[-kept:]
    batches = [past for past in history if past.batch_id]
    assert not batches or batches[-1] in stays
    for past in history:
        if past.snapshot_id in gone:
            assert past.at < before
            assert not past.is_held
            assert past.batch_id is None or past.batch_id[0] in told
        elif past not in history[-kept:] and past not in batches[-1:]:
            reasons = (past.at >= before, past.is_held, past.batch_id is not None and past.batch_id[0] not in told)
            assert any(reasons), "nothing stays without a reason"


@pytest.mark.parametrize(
    ("value", "unit", "days"),
    [(10, "y", 3650), ("7", "d", 7), (1, "day", 1), (2, "Weeks", 14), (6, "months", 180), (36, "h", 1.5), (1, "m", 30)],
)
def test_retention_is_read_in_every_unit(value: object, unit: str, days: float) -> None:
    assert retention([SlaProperty("retention", value, unit)]) == timedelta(days=days)


@pytest.mark.parametrize(
    ("value", "unit"), [("long", "d"), (7, "fortnights"), (0, "d"), (-1, "d"), (None, "d"), (7, "")]
)
def test_what_is_no_time_is_the_default(value: object, unit: str) -> None:
    assert duration(SlaProperty("retention", value, unit)) is None
    assert retention([SlaProperty("retention", value, unit)]) == DEFAULT


def test_the_longest_retention_counts_and_other_properties_do_not() -> None:
    said = [SlaProperty("retention", 1, "d"), SlaProperty("Retention", 3, "d"), SlaProperty("latency", 9, "y")]
    assert retention(said) == timedelta(days=3)
    assert retention([]) == DEFAULT


def test_rows_stay_in_quarantine_for_ever_where_nothing_is_said() -> None:
    assert quarantine_retention([SlaProperty("retention", 1, "d")]) is None
    assert quarantine_retention([SlaProperty("quarantineRetention", "soon", "d")]) is None
    said = [SlaProperty("quarantineRetention", 2, "w"), SlaProperty("QuarantineRetention", 1, "d")]
    assert quarantine_retention(said) == timedelta(weeks=2)
    assert retention(said) == DEFAULT
