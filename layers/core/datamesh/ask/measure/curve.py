"""Precision against coverage: what would be right if only the surest readings were answered. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.ask.measure.outcome import Outcome

__all__ = ["Point", "curve"]

_POINTS = 20


@dataclass(frozen=True)
class Point:
    """With answers from `at` on (of the measure that the curve goes by) these were the figures."""

    at: float
    answered: int
    correct: int
    false_answers: int
    coverage: float
    precision: float | None


def curve(outcomes: Sequence[Outcome], sureness: Callable[[Outcome], float]) -> list[Point]:
    """About twenty points, the surest answers first; the last one is what was measured.

    Answers that are equally sure stand together. Coverage is of the questions that have an answer.
    """
    answerable = sum(outcome.question.answerable for outcome in outcomes)
    answers = sorted((outcome for outcome in outcomes if outcome.answered), key=sureness, reverse=True)
    points: list[Point] = []
    wanted = [round(len(answers) * part / _POINTS) for part in range(1, _POINTS + 1)]
    for end in range(1, len(answers) + 1):
        at = sureness(answers[end - 1])
        if end < len(answers) and sureness(answers[end]) == at:
            continue
        if wanted and end >= wanted[0]:
            wanted = [number for number in wanted if number > end]
            points.append(_point(at, answers[:end], answerable))
    return points


def _point(at: float, answers: Sequence[Outcome], answerable: int) -> Point:
    correct = sum(outcome.verdict == "correct" for outcome in answers)
    false = sum(outcome.verdict == "false_answer" for outcome in answers)
    given = len(answers) - false
    return Point(
        at=round(at, 4),
        answered=len(answers),
        correct=correct,
        false_answers=false,
        coverage=round(given / answerable, 4) if answerable else 0.0,
        precision=round(correct / given, 4) if given else None,
    )
