"""The gate: how sure a reading is, and from where on what is answered is right often enough."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from datamesh.ask.gate import Gate, Mark, Weight, gate
from datamesh.ask.measure.measuring import measure
from datamesh.ask.measure.questions import databases
from tests.support.kits import bakery
from tests.unit.ask.test_measure import profiler

MARKS = (
    Mark(at=0.9, precision=0.99, coverage=0.2),
    Mark(at=0.7, precision=0.95, coverage=0.6),
    Mark(at=0.1, precision=0.9, coverage=1.0),
)
GATE = Gate(bias=1.0, weights={"cost": Weight(mean=0.5, scale=0.5, weight=-2.0)}, curve=MARKS)


def test_what_speaks_against_a_reading_makes_it_less_sure() -> None:
    assert GATE.sureness({"cost": 0.5}) == pytest.approx(0.731059)
    assert GATE.sureness({"cost": 0.0, "unknown": 9.0}) > 0.9 > 0.5 > GATE.sureness({"cost": 1.5})
    assert GATE.sureness({"cost": 1e9}) == 0.0


@pytest.mark.parametrize(("precision", "at"), [(0.5, 0.1), (0.9, 0.1), (0.91, 0.7), (0.99, 0.9), (0.999, None)])
def test_the_threshold_is_the_lowest_that_is_right_often_enough(precision: float, at: float | None) -> None:
    assert GATE.threshold(precision) == at


def test_what_is_shipped_weighs_what_the_planner_tells(tmp_path: Path) -> None:
    found = measure(
        databases(bakery(tmp_path)), profiler, today=date(2026, 11, 22), merged=False, progress=lambda name: None
    )
    told = next(outcome.evidence for outcome in found.outcomes if outcome.answered)
    assert gate().weights.keys() <= told.keys()
    assert told["sureness"] == gate().sureness(told)
    ats = [mark.at for mark in gate().curve]
    assert ats == sorted(ats, reverse=True)


@pytest.mark.parametrize(("at_least", "answered"), [(0.0, 4), (1.0, 0)])
def test_readings_that_are_not_sure_enough_are_refused(tmp_path: Path, at_least: float, answered: int) -> None:
    found = measure(
        databases(bakery(tmp_path)),
        profiler,
        today=date(2026, 11, 22),
        merged=False,
        progress=lambda name: None,
        at_least=at_least,
    )
    assert sum(outcome.answered for outcome in found.outcomes) == answered
    unsure = [outcome for outcome in found.outcomes if outcome.reason.endswith("but not surely enough.")]
    assert len(unsure) == 4 - answered
