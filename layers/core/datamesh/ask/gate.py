"""How sure a reading is: a logistic table over its evidence, fitted off-line (`make gate`) and shipped as `gate.json`.

It is arithmetic over counted evidence: no model is asked, and the same reading is always as sure. `curve` was measured
on databases that the weights were not fitted on, so a threshold taken from it holds for databases nobody looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

__all__ = ["Gate", "Mark", "Weight", "gate"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weight(_Frozen):
    """What one figure of the evidence adds to the log odds: `weight` for each `scale` above `mean`."""

    mean: float
    scale: float
    weight: float


class Mark(_Frozen):
    """Of the readings that were at least `at` sure, `precision` were right; they were `coverage` of all readings."""

    at: float
    precision: float
    coverage: float


class Gate(_Frozen):
    """`weights` by the names of `evidence.features`, and `cost`; `curve` from the surest on."""

    bias: float
    weights: Mapping[str, Weight]
    curve: tuple[Mark, ...] = ()

    def sureness(self, evidence: Mapping[str, float]) -> float:
        """Odds of 0 to 1 that a reading with this `evidence` is right. Evidence that has no weight adds nothing."""
        odds = self.bias + sum(
            weight.weight * (evidence[name] - weight.mean) / weight.scale for name, weight in self.weights.items()
        )
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 6)

    def threshold(self, precision: float) -> float | None:
        """How sure a reading must be so that `precision` of the answers are right; None where that was never seen.

        The lowest place on the curve from which on upwards nothing is worse.
        """
        reached = [mark.at for mark in self.curve if mark.precision >= precision]
        return min(reached, default=None)


@cache
def gate() -> Gate:
    """The gate that is shipped."""
    return Gate.model_validate_json(files("datamesh.ask").joinpath("gate.json").read_bytes())
