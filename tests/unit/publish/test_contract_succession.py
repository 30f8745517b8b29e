"""Which contract may follow which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datamesh.contract.parse import parse
from datamesh.events import ObjectPointer
from datamesh.publish.ledger import ProductState
from datamesh.publish.succession import Landed, against, alone, is_older, successor
from tests.support.contracts import STOPS, edited, line_of

PUT = datetime(2013, 1, 1, tzinfo=UTC)
SOURCE = ObjectPointer(bucket="landing", key="contracts/stops.odcs.yaml", version_id="v1")


def landed(text: str, *, later: float = 1, sequencer: str = "") -> Landed:
    return Landed(SOURCE, text.encode(), PUT + timedelta(seconds=later), sequencer)


def in_force(text: str = STOPS, *, sequencer: str = "", earlier: tuple[ProductState, ...] = ()) -> ProductState:
    return ProductState(
        earlier=earlier,
        product="stops",
        contract=ObjectPointer(bucket="lake", key="contracts/stops/1.0.0.odcs.yaml"),
        contract_version=str(parse(text).version),
        sequence=1,
        database="datamesh_dev_transit",
        table="stops_v1",
        location="s3://lake/tables/stops_v1",
        status="active",
        source=SOURCE,
        source_modified_at=PUT,
        source_sequencer=sequencer,
        digest=landed(text).digest,
    )


def rules(new: Landed, *, before: str = STOPS) -> list[str]:
    return [finding.rule for finding in against(new, in_force(before), lambda _: parse(before))]


def versioned(version: str, text: str = STOPS) -> str:
    return edited("version: 1.0.0", f"version: {version}", text=text)


def test_a_contract_of_another_domain_is_refused_with_its_line() -> None:
    assert alone(landed(STOPS), "transit") == []
    [finding] = alone(landed(STOPS), "fleet")
    assert (finding.rule, finding.severity) == ("domain.other", "error")
    assert finding.line == line_of(STOPS, "domain: transit")


def test_lint_speaks_first() -> None:
    assert {f.rule for f in alone(landed("no: contract"), "fleet")} != set()
    assert [f.severity for f in alone(landed("- a\n- b"), "fleet")] == ["error"]


def test_the_same_bytes_again_are_welcome() -> None:
    assert rules(landed(STOPS)) == []


@pytest.mark.parametrize("version", ["1.0.1", "1.1.0", "2.0.0"])
def test_a_higher_version_follows(version: str) -> None:
    assert rules(landed(versioned(version))) == []


@pytest.mark.parametrize("version", ["1.0.0", "0.9.0"])
def test_a_changed_contract_raises_its_version(version: str) -> None:
    changed = versioned(version, edited("value: A, label: Airport", "value: A, label: The airport"))
    assert rules(landed(changed)) == ["version.not-raised"]


INTEGER = "      - name: direction\n        logicalType: integer"
BROKEN = edited(INTEGER, INTEGER.replace("integer", "string"))
BROKEN = edited("        logicalTypeOptions: {minimum: 1, maximum: 2}\n", "", text=BROKEN)
DRIVER = """\
  - role: driver
    access: read
    customProperties:
      - {property: datamesh.principals, value: [role/driver, role/dispatcher]}
      - {property: datamesh.columns, value: [stop_id, fare]}
"""


def test_a_breaking_change_needs_a_new_major_version_and_names_the_readers() -> None:
    [finding] = against(landed(versioned("1.1.0", BROKEN)), in_force(), lambda _: parse(STOPS))
    assert finding.rule == "breaking.column.type"
    assert finding.line == line_of(BROKEN, "- name: direction")
    assert "role/planner" in finding.message
    assert finding.as_dict()["consumers"] == ["role/planner"]
    assert "2.0.0" in finding.fix
    assert rules(landed(versioned("2.0.0", BROKEN))) == []


def test_only_those_are_named_who_read_what_changes() -> None:
    before = STOPS + DRIVER
    found = {}
    for name, edit in {
        "direction": (INTEGER, INTEGER.replace("integer", "number")),
        "fare": ("decimal(8,2)", "decimal(6,2)"),
        "table": ("value: overwrite", "value: append"),
    }.items():
        [finding] = against(
            landed(versioned("1.1.0", edited(*edit, text=before))), in_force(before), lambda _: parse(before)
        )
        found[name] = finding.consumers
    everybody = ("role/dispatcher", "role/driver", "role/planner")
    assert found == {"direction": ("role/planner",), "fare": everybody, "table": everybody}


def test_nobody_is_named_where_nobody_may_read() -> None:
    before = edited("status: active", "status: draft")
    after = versioned("1.1.0", edited(INTEGER, INTEGER.replace("integer", "number"), text=before))
    [finding] = against(landed(after), in_force(before), lambda _: parse(before))
    assert (finding.consumers, "read by" in finding.message) == ((), False)


def test_no_more_consumers_are_named_than_an_event_can_carry() -> None:
    many = ", ".join(f"role/r{number:02}" for number in range(30))
    before = edited("[role/planner]", f"[{many}]")
    after = versioned("1.1.0", edited("decimal(8,2)", "decimal(6,2)", text=before))
    [finding] = against(landed(after), in_force(before), lambda _: parse(before))
    assert (len(finding.consumers), "role/r09 and 20 more" in finding.message) == (10, True)


def test_what_goes_is_deprecated_first() -> None:
    start, end = STOPS.index("      - name: direction"), STOPS.index("      - name: opened")
    gone = STOPS[:start] + STOPS[end:]
    start, end = gone.index("    relationships:"), gone.index("    quality:")
    gone = gone[:start] + gone[end:]
    [finding] = against(landed(versioned("1.1.0", gone)), in_force(), lambda _: parse(STOPS))
    assert (finding.rule, finding.line) == ("breaking.column.removed", line_of(gone, "schema:"))
    assert "deprecated: true" in finding.fix
    told = edited("- name: direction", "- name: direction\n        deprecated: true")
    assert rules(landed(versioned("1.1.0", gone)), before=told) == []


def test_a_product_is_deprecated_before_it_is_retired() -> None:
    retired = edited("status: active", "status: retired")
    [finding] = against(landed(versioned("1.1.0", retired)), in_force(), lambda _: parse(STOPS))
    assert (finding.rule, finding.line) == ("breaking.status", line_of(retired, "status:"))
    assert "deprecated" in finding.fix


def two_majors(first: str = STOPS) -> ProductState:
    """Version 2 in force beside version 1."""
    return in_force(versioned("2.0.0", BROKEN), earlier=(in_force(first),))


def beside(new: Landed, first: str = STOPS) -> list[str]:
    texts = {1: first, 2: versioned("2.0.0", BROKEN)}
    return [f.rule for f in against(new, two_majors(first), lambda held: parse(texts[held.major]))]


@pytest.mark.parametrize(
    ("version", "text", "found"),
    [
        ("1.1.0", STOPS, []),
        ("1.1.0", BROKEN, ["breaking.column.type"]),
        ("1.0.0", STOPS + DRIVER, ["version.not-raised"]),
        ("2.1.0", BROKEN, []),
        ("2.1.0", STOPS, ["breaking.column.type"]),
        ("3.0.0", STOPS, []),
        ("0.9.0", STOPS, ["version.not-raised"]),
    ],
)
def test_a_contract_follows_the_one_of_its_own_major_version(version: str, text: str, found: list[str]) -> None:
    assert [rule for rule in beside(landed(versioned(version, text))) if rule != "breaking.column.range"] == found


def test_an_older_major_version_may_end_at_once_and_the_newest_may_not() -> None:
    """The newer one beside it was its notice."""
    retired = edited("status: active", "status: retired")
    assert beside(landed(versioned("1.1.0", retired))) == []
    newest = edited("status: active", "status: retired", text=BROKEN)
    assert beside(landed(versioned("2.1.0", newest))) == ["breaking.status"]


def test_ages_are_compared_within_a_major_version() -> None:
    """The object of a new major version may be told of after a later one of the old."""
    later = in_force(versioned("1.1.0"), sequencer="0B")
    assert against(landed(versioned("2.0.0", BROKEN), sequencer="0A"), later, lambda _: parse(STOPS)) == []


def test_the_state_that_follows_has_the_newest_major_version_on_top() -> None:
    first, second, third = (in_force(versioned(f"{major}.0.0")) for major in (1, 2, 3))
    state: ProductState | None = None
    for sequence, applied in enumerate([second, first, third], start=1):
        state = successor(applied.model_copy(update={"sequence": sequence}), state)
    assert state is not None
    assert [held.major for held in state.majors] == [3, 2, 1]
    assert state.sequence == 3
    newer = in_force(versioned("1.1.0")).model_copy(update={"sequence": 4})
    state = successor(newer, state)
    assert [(held.major, held.contract_version) for held in state.majors] == [(3, "3.0.0"), (2, "2.0.0"), (1, "1.1.0")]
    assert state.sequence == 4, "the next apply is told apart by it"
    assert all(held.earlier == () for held in state.earlier)


def test_an_older_object_that_comes_late_is_refused() -> None:
    assert rules(landed(versioned("1.1.0"), later=-1)) == ["superseded"]


@pytest.mark.parametrize(
    ("mine", "theirs", "older"),
    [("0A1", "0A2", True), ("0A2", "0A1", False), ("0A", "0A0", False), ("0A", "0A01", True), ("0B", "0A01", False)],
)
def test_sequencers_decide_where_both_have_one(mine: str, theirs: str, older: bool) -> None:
    new = landed(STOPS, later=0, sequencer=mine)
    assert is_older(new, in_force(sequencer=theirs)) is older


def test_within_a_second_and_without_sequencers_the_later_event_wins() -> None:
    assert not is_older(landed(STOPS, later=0), in_force(sequencer="0A"))
