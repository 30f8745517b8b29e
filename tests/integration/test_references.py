"""References between the tables of a domain, on a real catalog: what is there, whenever it is looked at."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pyarrow as pa
import pytest

from datamesh.contract.parse import parse
from datamesh.events import Reason
from datamesh.lake.evolution import create_or_evolve
from datamesh.lake.table import load
from datamesh.publish import record as records
from datamesh.publish import slices
from datamesh.publish.commit import Cataloged
from datamesh.publish.results import SliceResult
from datamesh.publish.transform import transform
from tests.support.lakeside import DATABASE, HEAD, Lakeside, state_of

CONTRACT = (
    HEAD
    + """\
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - name: owner
        logicalType: integer
        relationships:
          - {id: owned, to: things.id, customProperties: [{property: datamesh.severity, value: OWNED}]}
      - name: ship
        logicalType: string
        relationships:
          - id: carried
            to: ships.odcs.yaml#/schema/ships/properties/code
            customProperties: [{property: datamesh.severity, value: CARRIED}]
      - name: port
        logicalType: string
        relationships: [{to: ../sea/ports.odcs.yaml#/schema/ports/properties/code}]
"""
)
SHIPS = b"""\
apiVersion: v3.2.0
kind: DataContract
id: ships
version: 1.0.0
status: active
domain: testing
dataProduct: ships
schema:
  - name: ships
    properties:
      - {name: name, logicalType: string}
      - {name: code, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
"""


def world(*, owned: str = "error", carried: str = "error") -> Lakeside:
    return Lakeside.build(CONTRACT.replace("OWNED", owned).replace("CARRIED", carried).encode())


def ships(built: Lakeside, *codes: str) -> None:
    """Another product of the domain, published with these."""
    contract = parse(SHIPS)
    state = state_of("ships")
    create_or_evolve(contract, database=state.database, table=state.table, location=state.location)
    built.ledger.put_product(state)
    load(DATABASE, "ships_v1").append(pa.table({"name": [c.lower() for c in codes], "code": list(codes)}))


def findings(built: Lakeside, batch_id: str) -> dict[str, tuple[str, int | None]]:
    record = records.find(built.standing(batch_id), s3=built.plane.client("s3"), bucket="lake")
    assert record is not None
    return {f.name or str(f.column): (f.status, f.rows) for f in record.findings if f.kind == "relationship"}


ROWS = "id,owner,ship,port\n1,,A,X\n2,1,B,Y\n3,2,C,\n4,3,A,\n5,5,,\n"


def test_a_reference_that_dangles_is_quarantined_with_all_that_hangs_on_it(account: None) -> None:
    built = world()
    ships(built, "A", "B")

    batch_id, done = built.publish(ROWS)

    assert done.status == "partial"  # type: ignore[union-attr]
    assert built.rows("id") == [(1,), (2,), (5,)]
    assert set(done.reasons) == {
        Reason(rule="relationship", column="owner", rows=1),
        Reason(rule="relationship", column="ship", rows=1),
    }
    assert findings(built, batch_id) == {"owned": ("failed", 1), "carried": ("failed", 1), "port": ("skipped", None)}


def test_a_warning_publishes_and_counts(account: None) -> None:
    built = world(owned="none", carried="warning")
    ships(built, "A")

    batch_id, done = built.publish(ROWS)

    assert done.status == "published"  # type: ignore[union-attr]
    assert findings(built, batch_id) == {
        "owned": ("skipped", None),
        "carried": ("warning", 2),
        "port": ("skipped", None),
    }


def test_a_table_that_is_not_there_has_no_rows(account: None) -> None:
    built = world()

    _, done = built.publish(ROWS)

    assert built.rows("id") == [(5,)]
    assert done.status == "partial"  # type: ignore[union-attr]


def test_rows_that_are_there_already_can_be_referred_to(account: None) -> None:
    built = world(carried="none")
    built.publish("id,owner,ship,port\n1,,,\n")

    _, done = built.publish("id,owner,ship,port\n2,1,,\n3,9,,\n4,3,,\n")

    assert built.rows("id") == [(1,), (2,)]
    assert done.reasons == (Reason(rule="relationship", column="owner", rows=2),)


def test_an_attempt_looks_at_one_state_of_the_other_table(account: None) -> None:
    """A slice that is worked on again, and one that is worked on late, find what the first one found."""
    built = world(owned="none")
    ships(built, "A")
    batch_id = built.batch(ROWS)

    def staged(attempt: int) -> SliceResult:
        return transform(built.plane, product="things", batch_id=batch_id, attempt=attempt, slice_number=0)

    first = staged(1)
    load(DATABASE, "ships_v1").append(pa.table({"name": ["b", "c"], "code": ["B", "C"]}))
    again = staged(1)
    assert (first.rows_good, first.hits) == (again.rows_good, again.hits)
    assert first.rows_good == 3

    built.ledger.release("things", batch_id, attempt=1)
    assert built.ledger.acquire("things", batch_id, attempt=2, ttl=built.plane.lease_ttl)
    assert staged(2).rows_good == 5  # what was missing has come


@pytest.mark.parametrize(("severity", "status"), [("error", "rejected"), ("warning", "published")])
def test_a_column_that_the_other_table_lacks_leaves_the_rule_unasked(account: None, severity: str, status: str) -> None:
    contract = CONTRACT.replace("ships/properties/code", "ships/properties/imo").replace("OWNED", "none")
    built = Lakeside.build(contract.replace("CARRIED", severity).encode())
    ships(built, "A")

    batch_id, done = built.publish(ROWS)

    assert done.status == status  # type: ignore[union-attr]
    assert findings(built, batch_id)["carried"] == ("error", None)


def test_whatever_call_a_run_dies_at_its_references_are_judged_once(account: None) -> None:
    built = world()
    ships(built, "A")
    number, changes = 0, ["none yet"]
    while changes[-1] != "":
        batch_id = built.batch(f"id,owner,ship,port\n{2 * number},,A,\n{2 * number + 1},,B{number},\n")
        with built.killed_at(number) as changes:
            built.run(batch_id)
            changes.append("")  # it came to its end
        ships_now = load(DATABASE, "ships_v1")
        ships_now.append(pa.table({"name": ["late"], "code": [f"B{number}"]}))  # what was missing comes in between

        done = built.run(batch_id)

        assert isinstance(done, Cataloged)
        batch = built.standing(batch_id)
        assert batch.counts.rows_in == 2
        assert batch.counts.rows_published + batch.counts.rows_quarantined == 2
        summary = built.table.current_snapshot().summary.additional_properties
        assert int(summary["datamesh.rows-published"]) == batch.counts.rows_published, number
        built.ledger.release("things", batch_id, attempt=1)
        number += 1


def test_a_table_that_refers_to_itself_is_looked_at_as_a_whole_where_slices_are_several(
    account: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 1)
    built = world(carried="none")
    head = "id,owner,ship,port\n"

    _, done = built.publish(f"{head}1,2,,\n", f"{head}2,1,,\n")
    assert built.rows("id") == [(1,), (2,)]
    assert done.status == "published"  # type: ignore[union-attr]

    batch_id, done = built.publish(f"{head}3,2,,\n", f"{head}4,9,,\n")
    assert done.reasons == (Reason(rule="relationship", column="owner", rows=1),)
    assert done.verdict == "rejected"
    assert findings(built, batch_id)["owned"] == ("failed", 1)


def test_the_snapshots_that_were_looked_at_are_written_down(account: None) -> None:
    built = world()
    ships(built, "A")
    batch_id, _ = built.publish(ROWS)

    key = f"batches/things/{batch_id}/attempt=1/targets.json"
    body = json.loads(boto3.client("s3").get_object(Bucket="lake", Key=key)["Body"].read())

    expected: dict[str, Any] = {
        "ships": {"table": "ships_v1", "snapshot_id": load(DATABASE, "ships_v1").current_snapshot().snapshot_id},  # type: ignore[union-attr]
        "things": {"table": "things_v1", "snapshot_id": None},
    }
    assert body == {"tables": expected}
