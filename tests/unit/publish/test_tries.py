from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from datamesh.errors import CommitConflict, CommitStateUnknown
from datamesh.publish.tries import try_until_first


@dataclass
class Race:
    """A function that may run for `seconds`; each try takes `each` of them, and the first `lost` come second."""

    seconds: float = 900.0
    each: float = 0.5
    lost: int = 0
    now: float = 0.0
    waits: list[float] = field(default_factory=list)
    began: list[float] = field(default_factory=list)

    def attempt(self, conflicts: int) -> str:
        assert conflicts == len(self.began)
        self.began.append(self.now)
        self.now += self.each
        if conflicts < self.lost:
            raise CommitConflict("somebody was first")
        return "done"

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def run(self) -> str:
        return try_until_first(
            self.attempt, seconds_left=lambda: self.seconds - self.now, sleep=self.sleep, clock=lambda: self.now
        )


def test_who_is_first_waits_for_nothing() -> None:
    race = Race()
    assert (race.run(), race.waits) == ("done", [])


def test_tries_follow_each_other_closely() -> None:
    race = Race(lost=200)

    assert race.run() == "done"

    assert all(0 <= wait <= min(0.05 * 2**n, 1.0) for n, wait in enumerate(race.waits))
    assert len(set(race.waits)) > 100  # they are random


def test_no_try_begins_that_would_not_end_in_time() -> None:
    race = Race(lost=10_000, each=20.0)

    with pytest.raises(CommitConflict):
        race.run()

    assert len(race.began) > 38
    assert all(began + 20 * 2 + 15 <= race.seconds for began in race.began[1:])


def test_a_slow_try_is_not_begun_again_without_time_for_it() -> None:
    race = Race(seconds=100, each=40, lost=10)

    with pytest.raises(CommitConflict):
        race.run()

    assert len(race.began) == 1


def test_only_a_conflict_is_tried_again() -> None:
    asked = []

    def attempt(conflicts: int) -> None:
        asked.append(conflicts)
        raise CommitStateUnknown("no answer")

    with pytest.raises(CommitStateUnknown):
        try_until_first(attempt, seconds_left=lambda: 900.0)
    assert asked == [0]
