"""What was counted: one batch's use of each service, as `docs/cost.json` keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from bench.cost.prices import PRICES

__all__ = ["Figures", "Usage"]


class Usage(BaseModel):
    """The use of one batch of `files` files. `amounts` are by the names of `prices.PRICES`, in their units.

    `functions` are invocations and GB-seconds by function; `requests` what functions asked for, by operation.
    """

    model_config = ConfigDict(frozen=True)

    files: int
    rows: int
    batches: int
    seconds: float
    amounts: dict[str, float]
    functions: dict[str, tuple[int, float]]
    requests: dict[str, int]

    def dollars(self) -> Mapping[str, float]:
        return {name: price.of(self.amounts.get(name, 0.0)) for name, price in PRICES.items()}

    @property
    def total(self) -> float:
        return sum(self.dollars().values())


class Figures(BaseModel):
    """All that the page shows. `measured_on` is a date; `cores` is what the machine of the local mesh had."""

    model_config = ConfigDict(frozen=True)

    measured_on: str
    cores: int
    batches: tuple[Usage, ...]
    at_rest: dict[str, float]  # what a domain uses in a month without a file, by the names of prices
