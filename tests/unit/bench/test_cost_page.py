"""What a batch costs: the page is what the generator makes of the figures beside it, and the sums are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.cost.figures import Figures, Usage
from bench.cost.page import page
from bench.cost.prices import PRICES

ROOT = Path(__file__).parents[3]
USAGE = Usage(
    files=2,
    rows=10,
    batches=1,
    seconds=1.0,
    amounts={"transitions": 8.0, "gb_seconds": 3.0, "s3_reads": 10_000.0},
    functions={"ask": (1, 3.0)},
    requests={"s3:GetObject": 10_000},
)


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures.model_validate_json((ROOT / "docs/cost.json").read_bytes())


def test_the_page_is_made_of_the_figures_beside_it(figures: Figures) -> None:
    assert (ROOT / "docs/cost.md").read_text(encoding="utf-8") == page(figures), "make cost"


def test_batches_of_one_and_of_a_thousand_files_were_counted(figures: Figures) -> None:
    assert [batch.files for batch in figures.batches] == [1, 1_000]
    for batch in figures.batches:
        assert batch.amounts.keys() == PRICES.keys()
        assert all(amount > 0 for amount in batch.amounts.values())
        assert sum(calls for calls, _ in batch.functions.values()) == batch.amounts["invocations"]


def test_a_batch_of_one_file_was_at_most_eight_billed_transitions(figures: Figures) -> None:
    """As its execution's history on the local mesh has it."""
    assert figures.batches[0].amounts["transitions"] <= 8


def test_a_thousand_files_cost_less_than_a_thousand_batches(figures: Figures) -> None:
    one, thousand = figures.batches
    assert thousand.total < 100 * one.total
    assert thousand.batches <= 3


def test_dollars_are_amounts_times_prices() -> None:
    assert USAGE.dollars()["transitions"] == pytest.approx(8 * 0.025 / 1_000)
    assert USAGE.total == pytest.approx(8 * 0.000025 + 3 * 0.0000133334 + 10_000 * 0.0000004)


def test_every_number_of_the_figures_stands_on_the_page() -> None:
    made = page(Figures(measured_on="1 January 2013", cores=2, batches=(USAGE,), at_rest={"invocations": 44_530.0}))
    for number in ("0.004240", "2,120.00", "10,000", "44,530", "0.0000133334", "1 January 2013"):
        assert number in made
    rows = re.findall(r"^\|.*\|$", made, re.MULTILINE)
    assert len({row.count("|") for row in rows}) <= 5, "rows of one table have its columns"
