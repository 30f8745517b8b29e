"""`make gate`: fits what `ask/gate.py` ships, over folders of databases as `mesh eval` reads them.

    python -m bench.gate DIR... [--except FILE] [--out gate.json]

Every question of DIR is asked; each answer is one example, right or wrong (of unanswerable questions, wrong). Logistic
regression with a ridge, by Newton's method in plain Python: the same examples always give the same table. The curve is
measured leaving one database out at a time: each answer is judged by weights fitted on all the other databases. A
folder `x__anything` counts as database `x`. FILE names databases that are left out of everything, one a line.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import fmean, pstdev

from cli.commands.evaluate import profiled
from datamesh.ask.gate import Gate, Mark, Weight
from datamesh.ask.measure.measuring import measure
from datamesh.ask.measure.questions import databases

SHIPPED = Path(__file__).parents[1] / "layers/core/datamesh/ask/gate.json"
# Few, and a strong ridge: wrong answers are rare and come in clusters, and more figures only learn those by heart.
FEATURES = ("cost", "margin", "rivals", "edges", "exists", "conditions", "limited")
RIDGE = 20.0
STEPS = 8
MARKS = 40
DIGITS = 5


@dataclass(frozen=True)
class Example:
    """One answer: the database it is of, its evidence, and whether it is right."""

    database: str
    evidence: dict[str, float]
    right: bool


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--except", dest="left_out", type=Path)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args(arguments)
    left_out = set(given.left_out.read_text().split()) if given.left_out else set()
    found = [example for folder in given.folders for example in examples(folder, left_out)]
    if len({example.database for example in found}) < 2:
        parser.error("answers of two databases are needed, so that each can be judged by others")
    held = left_one_out(found)
    made = fitted(found).model_copy(update={"curve": curve(held, found)})
    given.out.write_text(json.dumps(made.model_dump(), indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} answers, {sum(e.right for e in found)} right, {len({e.database for e in found})} databases")
    for mark in made.curve:
        print(f"  at least {mark.at:.4f}: precision {mark.precision:.4f}, of all answers {mark.coverage:.4f}")
    return 0


def examples(folder: Path, left_out: set[str]) -> list[Example]:
    """An example for each answer of the databases in `folder`."""
    wanted = [each for each in databases(folder) if _base(each.name) not in left_out]
    asked = measure(wanted, profiled, today=date(2026, 1, 1), merged=False, progress=lambda _: None)
    return [
        Example(_base(outcome.key[0]), dict(outcome.evidence), outcome.verdict == "correct")
        for outcome in asked.outcomes
        if outcome.answered and outcome.tier == "planner"
    ]


def fitted(found: Sequence[Example]) -> Gate:
    """Weights of all FEATURES over `found`."""
    means = {name: fmean(example.evidence[name] for example in found) for name in FEATURES}
    scales = {name: pstdev([example.evidence[name] for example in found]) or 1.0 for name in FEATURES}
    rows = [[1.0, *((e.evidence[name] - means[name]) / scales[name] for name in FEATURES)] for e in found]
    bias, *weights = _newton(rows, [float(example.right) for example in found])
    table = {
        name: Weight(mean=round(means[name], DIGITS), scale=round(scales[name], DIGITS), weight=round(weight, DIGITS))
        for name, weight in zip(FEATURES, weights, strict=True)
    }
    return Gate(bias=round(bias, DIGITS), weights=table)


def left_one_out(found: Sequence[Example]) -> list[tuple[float, bool]]:
    """How sure each example is by weights of all the other databases, and whether it is right."""
    held: list[tuple[float, bool]] = []
    for database in sorted({example.database for example in found}):
        gate = fitted([example for example in found if example.database != database])
        held += [(gate.sureness(e.evidence), e.right) for e in found if e.database == database]
    return held


def curve(held: Sequence[tuple[float, bool]], found: Sequence[Example]) -> tuple[Mark, ...]:
    """About MARKS places, the surest first. Precision is smoothed so that it never rises on the way down."""
    ordered = sorted(held, key=lambda pair: -pair[0])
    marks: list[Mark] = []
    right = 0
    for place, (at, good) in enumerate(ordered, start=1):
        right += good
        tied = place < len(ordered) and ordered[place][0] == at
        if not tied and place >= len(found) * (len(marks) + 1) / MARKS:
            marks.append(Mark(at=at, precision=right / place, coverage=place / len(found)))
    return _falling(marks)


def _falling(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Each place with the best precision that it or a longer list of answers has: nobody would stop before that."""
    kept: list[Mark] = []
    best = 0.0
    for mark in reversed(marks):
        if mark.precision > best:
            best = mark.precision
            kept.append(
                Mark(at=mark.at, precision=round(mark.precision, DIGITS), coverage=round(mark.coverage, DIGITS))
            )
    return tuple(reversed(kept))


def _newton(rows: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The weights of greatest likelihood, with a ridge on all but the first, which is the bias."""
    width = len(rows[0])
    weights = [0.0] * width
    for _ in range(STEPS):
        slope = [0.0 if i == 0 else -RIDGE * weight for i, weight in enumerate(weights)]
        bend = [[(RIDGE if i == j and i else 1e-9 if i == j else 0.0) for j in range(width)] for i in range(width)]
        for row, goal in zip(rows, right, strict=True):
            odds = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True))))
            for i, x in enumerate(row):
                slope[i] += (goal - odds) * x
                part = odds * (1 - odds) * x
                line = bend[i]
                for j in range(i + 1):
                    line[j] += part * row[j]
        for i in range(width):
            for j in range(i):
                bend[j][i] = bend[i][j]
        weights = [w + step for w, step in zip(weights, _solved(bend, slope), strict=True)]
    return weights


def _solved(matrix: list[list[float]], goal: list[float]) -> list[float]:
    """x of `matrix` x = `goal`, by elimination; the matrix is symmetric and positive definite."""
    rows = [[*line, value] for line, value in zip(matrix, goal, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[i + 1 :]:
            factor = row[i] / pivot[i]
            for j in range(i, len(row)):
                row[j] -= factor * pivot[j]
    found = [0.0] * len(goal)
    for i in reversed(range(len(goal))):
        known = sum(rows[i][j] * found[j] for j in range(i + 1, len(goal)))
        found[i] = (rows[i][-1] - known) / rows[i][i]
    return found


def _base(name: str) -> str:
    return name.partition("__")[0]


if __name__ == "__main__":
    sys.exit(main())
