"""The plan of chaos: one seed says all of it."""

from __future__ import annotations

from itertools import islice

import pytest

from cli.local.wire import Fault
from datamesh.contract.lint import has_errors, lint
from datamesh.publish.ledger import Counts
from tests.support.chaos import plan
from tests.support.chaos.modes import Taken, outcome
from tests.support.chaos.plan import File, Row


def test_a_seed_says_what_is_dropped_and_what_fails() -> None:
    first, again, other = ([*islice(plan.actions(seed, "chaos_append"), 200)] for seed in ("1", "1", "2"))

    assert first == again != other
    assert plan.faults("1", batches=200) == plan.faults("1", batches=200) != plan.faults("2", batches=200)
    assert {action.kind for action in first} >= {"put", "again", "twin", "other-version", "event", "empty", "deleted"}


def test_every_side_effect_meets_each_kind_of_fault() -> None:
    def kinds(faults: list[Fault]) -> dict[tuple[str, str, str, str], set[str]]:
        found: dict[tuple[str, str, str, str], set[str]] = {}
        for fault in faults:
            found.setdefault((fault.caller, fault.operation, fault.resource, fault.says), set()).add(fault.outcome)
        return found

    whole = {"killed-before", "killed-after", "lost", "throttled", "unavailable"}
    side_effects = [met for met in kinds(plan.faults("1", batches=200)).values() if "killed-after" in met]
    assert len(side_effects) >= 20
    assert all(met >= whole for met in side_effects)


@pytest.mark.parametrize("product", plan.products())
def test_the_contracts_are_right(product: str) -> None:
    findings = lint(plan.contract(product).encode(), file=f"contracts/{product}.odcs.yaml")

    assert not has_errors(findings), findings


def file(name: str, *rows: Row) -> File:
    return File("chaos", name, b"", rows)


OLD = Taken(file("old", Row("a", 1, "x", 5), Row("b", 2, "y", 5), Row("c", 3, "x", 5, is_bad=True)), "1")
NEW = Taken(file("new", Row("d", 1, "x", 4), Row("e", 2, "z", 9, deletes=True), Row("f", 2, "z", 8)), "2")


@pytest.mark.parametrize(
    ("mode", "order", "table", "quarantine", "last"),
    [
        ("append", [OLD, NEW], "abdef", "c", Counts(rows_in=3, rows_published=3)),
        ("overwrite", [OLD, NEW], "def", "c", Counts(rows_in=3, rows_published=3)),
        ("overwrite", [NEW, OLD], "def", "c", Counts(rows_in=3, rows_quarantined=1, rows_superseded=2)),
        ("parts", [OLD, NEW], "bdef", "c", Counts(rows_in=3, rows_published=3)),
        ("parts", [NEW, OLD], "bdef", "c", Counts(rows_in=3, rows_published=1, rows_quarantined=1, rows_superseded=1)),
        ("merge", [OLD, NEW], "a", "c", Counts(rows_in=3, rows_superseded=2, rows_deleted=1)),
        ("merge", [NEW, OLD], "ab", "c", Counts(rows_in=3, rows_published=2, rows_quarantined=1)),
    ],
)
def test_a_table_holds_what_its_write_mode_says(
    mode: str, order: list[Taken], table: str, quarantine: str, last: Counts
) -> None:
    made = outcome(mode, {str(number): [taken] for number, taken in enumerate(order)})

    assert sorted(made.table) == list(table)
    assert sorted(made.quarantine) == list(quarantine)
    assert made.counts["1"] == last
