"""Any order and any repetition of events ends in the same registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.events import (
    ArrivalRejected,
    BatchFailed,
    BatchRejected,
    ContractApplied,
    DataProductPublished,
    Event,
    GrantsApplied,
    ObjectPointer,
    Reason,
)
from datamesh.messages import Metadata
from datamesh.registry.projection import change_of

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOMEWHERE = ObjectPointer(bucket="lake", key="k")


def metadata(number: int, *, after: timedelta = timedelta(0)) -> Metadata:
    return Metadata(event_id=f"e{number:04d}", correlation_id="c", domain="fleet", occurred_at=NOON + after)


def applied(sequence: int, version: str = "1.0.0") -> ContractApplied:
    return ContractApplied(
        product="planes",
        version=version,
        sequence=sequence,
        status="active",
        contract=SOMEWHERE,
        database="d",
        table="t",
        reader_role_arn="r",
    )


def published(sequence: int, version: str = "1.0.0", run: str = "r") -> DataProductPublished:
    return DataProductPublished(
        product="planes",
        version=version,
        run_id=run,
        status="published",
        snapshot_id=9_007_199_254_740_993 + sequence,
        sequence=sequence,
        rows_in=1,
        rows_published=1,
        rows_quarantined=0,
        rows_superseded=0,
        rows_deleted=0,
        total_rows=1,
        reasons=[],
        profile=SOMEWHERE,
        published_at=NOON,
    )


def project(told: list[tuple[Metadata, Event]]) -> dict[tuple[str, str], Any]:
    """A registry as the store keeps it: a part changes when the order is above what stands."""
    parts: dict[tuple[str, str], Any] = {}
    for about, event in told:
        change = change_of(about, event)
        if change is None:
            continue
        key = (change.item, change.part)
        if key not in parts or parts[key][0] < change.order:
            parts[key] = (change.order, change.values)
    return parts


facts = st.one_of(
    st.builds(applied, st.integers(1, 10**12)),
    st.builds(published, st.integers(1, 10**12), st.sampled_from(["1.0.0", "1.4.0", "2.0.0", "10.0.0"])),
    st.builds(lambda run: BatchRejected(product="planes", run_id=run, reasons=[Reason(rule="type")]), st.text("ab")),
    st.builds(lambda run: BatchFailed(product="planes", run_id=run, attempt=1, error="Timeout"), st.text("ab")),
    st.builds(lambda n: GrantsApplied(product="planes", granted=n, revoked=0), st.integers(0, 9)),
)
# One apply has one sequence and one commit one (major, sequence), so two different facts never share an order.
histories = st.lists(
    facts, max_size=12, unique_by=lambda e: (type(e), getattr(e, "version", "")[:2], getattr(e, "sequence", id(e)))
).map(lambda events: [(metadata(n, after=timedelta(seconds=n // 3)), event) for n, event in enumerate(events)])


@given(histories, st.data())
def test_any_order_and_any_repetition_ends_the_same(history: list[tuple[Metadata, Event]], data: st.DataObject) -> None:
    # Given what happened, told once and in order
    expected = project(history)
    # When some of it is told twice and all of it in another order
    doubled = data.draw(st.lists(st.sampled_from(history), max_size=6)) if history else []
    told = data.draw(st.permutations(history + doubled))
    # Then the registry holds the same
    assert project(list(told)) == expected


def test_the_contract_in_force_is_the_one_applied_last() -> None:
    told: list[tuple[Metadata, Event]] = [(metadata(n), applied(n, f"1.{n}.0")) for n in (9, 10, 8)]
    [(_, values)] = project(told).values()
    assert values["version"] == "1.10.0"


def test_each_major_version_has_its_own_count_of_snapshots() -> None:
    # Given 500 commits to the first table and one to the second
    told: list[tuple[Metadata, Event]] = [
        (metadata(1), published(1, "2.0.0", run="new")),
        (metadata(2), published(500, "1.0.0", run="old")),
    ]
    # Then each stands beside the other
    runs = {item: values["run_id"] for (item, _), (_, values) in project(told).items()}
    assert runs == {"fleet.planes#1": "old", "fleet.planes#2": "new"}


@pytest.mark.parametrize("event", [applied(1), published(1)])
def test_what_is_kept_names_its_event_and_holds_the_whole_of_it(event: Event) -> None:
    change = change_of(metadata(1), event)
    assert change is not None
    assert change.name == "fleet.planes"
    assert change.values["detail_type"] == event.detail_type()
    assert change.source == SOMEWHERE
    assert {k: v for k, v in change.values.items() if k not in {"detail_type", "occurred_at"}} == event.model_dump(
        mode="json", exclude={"product"}
    )


def test_events_that_the_registry_holds_nothing_of_change_nothing() -> None:
    assert change_of(metadata(1), ArrivalRejected(object=SOMEWHERE, rule="unknownProduct")) is None
