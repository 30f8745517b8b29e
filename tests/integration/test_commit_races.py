"""Other engines commit to a product's table, too: whoever comes first, the batch is published once, on top of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest
from botocore.exceptions import ReadTimeoutError

from datamesh.errors import CommitConflict, LeaseLost
from datamesh.events import Reason
from datamesh.lake import table as lake
from datamesh.publish import outcome as outcomes
from datamesh.publish import preparing
from datamesh.publish import record as records
from datamesh.publish.commit import Cataloged, catalog
from datamesh.publish.transform import transform
from datamesh.publish.validate import validate
from tests.support.lakeside import HEAD, Lakeside, a_minute, own_glue

CONTRACT = (
    HEAD
    + """\
schema:
  - name: things
    customProperties:
      - property: datamesh.writeMode
        value: MODE
    quality:
      - {id: enough, metric: rowCount, mustBeLessThan: 100, severity: error}
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: name, logicalType: string}
"""
)
ONE = "id,name\n1,a\n2,b\nx,c\n"
TWO = "id,name\n3,c\n4,d\n"
THEIRS = 1_000


@pytest.fixture
def appending(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", "append").encode())


@pytest.fixture
def replacing(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", "overwrite").encode())


@pytest.fixture
def merging(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", "merge").encode())


def ready(world: Lakeside, *bodies: str) -> dict[str, Any]:
    """A batch that has only its last step before it."""
    at: dict[str, Any] = {"product": "things", "batch_id": world.batch(*bodies), "attempt": 1}
    validate(world.plane, **at)
    transform(world.plane, **at, slice_number=0)
    return at


def rows_of_its_own(table: Any) -> None:
    table.append(pa.Table.from_pylist([{"id": THEIRS, "name": "z"}], schema=table.schema().as_arrow()))


def a_property(table: Any) -> None:
    with table.transaction() as change:
        change.set_properties({"theirs": str(len(table.metadata.metadata_log))})


@dataclass
class Foreign:
    """Another engine. It commits `times` times, each time before ours can."""

    write: Callable[[Any], None]
    times: int
    commits: int = 0

    @contextmanager
    def after_our_look(self) -> Iterator[None]:
        """Once ours has loaded the table, and long before its commit."""
        load = lake.load

        def loaded(*name: str) -> Any:
            table = load(*name)
            self._write(load, name)
            return table

        with patch.object(lake, "load", loaded):
            yield

    @contextmanager
    def within_our_swap(self) -> Iterator[None]:
        """Between the last look of ours at the catalog and its change there: Glue compares versions, moto does not."""
        load = lake.load

        def loaded(*name: str) -> Any:
            table = load(*name)
            glue = own_glue(table)
            update = glue.update_table

            def swap(**request: Any) -> Any:
                if self._write(load, name):
                    told = {"Error": {"Code": "ConcurrentModificationException", "Message": request["VersionId"]}}
                    raise glue.exceptions.ConcurrentModificationException(told, "UpdateTable")
                return update(**request)

            glue.update_table = swap
            return table

        with patch.object(lake, "load", loaded):
            yield

    def _write(self, load: Callable[..., Any], name: tuple[str, ...]) -> bool:
        if self.commits == self.times:
            return False
        self.write(load(*name))
        self.commits += 1
        return True


@pytest.mark.parametrize("when", ["after_our_look", "within_our_swap"])
def test_whoever_keeps_coming_first_costs_the_state_machine_no_try(when: str, appending: Lakeside) -> None:
    """It has six of them, each of which is one invocation: here is one only, and seven come first."""
    appending.publish(TWO)
    at, foreign = ready(appending, ONE), Foreign(rows_of_its_own, times=7)
    before = len(appending.table.metadata.snapshots)

    with getattr(foreign, when)():
        done = catalog(appending.plane, **at, seconds_left=a_minute)

    assert (done.status, foreign.commits) == ("partial", 7)
    assert len(appending.table.metadata.snapshots) == before + 7 + 1
    assert sorted(n for [n] in appending.rows("id")) == [1, 2, 3, 4] + 7 * [THEIRS]
    batch = appending.standing(at["batch_id"])
    assert (batch.state, batch.snapshot_id, batch.total_rows) == ("COMMITTED", done.snapshot_id, 11)
    record = records.find(batch, s3=appending.plane.client("s3"), bucket="lake")
    assert record is not None
    assert (record.counts, record.total_rows) == (batch.counts, 11)
    [step] = [step for step in appending.ledger.steps("things", at["batch_id"]) if step.name == "catalog_product"]
    assert (step.status, step.attempt, step.detail["conflicts"]) == ("succeeded", 1, 7)


def test_what_the_batch_says_itself_is_read_once(appending: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    at, foreign = ready(appending, ONE), Foreign(rows_of_its_own, times=4)
    read = {"load": 0, "staged_rows": 0, "judge": 0}

    def counted(name: str) -> None:
        known = getattr(preparing, name)

        def called(*given: Any, **more: Any) -> Any:
            read[name] += 1
            return known(*given, **more)

        monkeypatch.setattr(preparing, name, called)

    for name in read:
        counted(name)
    with foreign.after_our_look():
        catalog(appending.plane, **at, seconds_left=a_minute)

    assert read == {"load": 1, "staged_rows": 1, "judge": 5}


def test_the_table_is_judged_as_others_left_it(appending: Lakeside) -> None:
    """There are 97 rows and two come, and the contract wants fewer than a hundred; another writer brings one."""
    appending.publish("id,name\n" + "".join(f"{n},a\n" for n in range(97)))
    at = ready(appending, "id,name\n97,a\n98,a\n")

    with Foreign(rows_of_its_own, times=1).after_our_look():
        done = catalog(appending.plane, **at, seconds_left=a_minute)

    assert (done.verdict, done.reasons) == ("rejected", (Reason(rule="enough", rows=100),))
    assert len(appending.rows("id")) == 98


@pytest.mark.parametrize(("write", "outcomes_saved"), [(a_property, 1), (rows_of_its_own, 4)])
def test_a_merge_is_done_anew_where_rows_are_new_and_only_there(
    write: Callable[[Any], None], outcomes_saved: int, merging: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    merging.publish(ONE)
    at, foreign = ready(merging, "id,name\n1,new\n"), Foreign(write, times=3)
    saved, save = [], outcomes.save
    monkeypatch.setattr(outcomes, "save", lambda *given, **more: saved.append(key := save(*given, **more)) or key)

    with foreign.within_our_swap():
        done = catalog(merging.plane, **at, seconds_left=a_minute)

    assert (done.status, foreign.commits, len(saved)) == ("published", 3, outcomes_saved)
    theirs = [] if write is a_property else 3 * [(THEIRS, "z")]
    assert merging.rows("id", "name") == [(1, "new"), *theirs, (2, "b")]
    assert merging.standing(at["batch_id"]).total_rows == 2 + len(theirs)


def test_what_is_replaced_is_also_what_others_have_brought(replacing: Lakeside) -> None:
    replacing.publish(TWO)
    at, foreign = ready(replacing, ONE), Foreign(rows_of_its_own, times=3)

    with foreign.after_our_look():
        done = catalog(replacing.plane, **at, seconds_left=a_minute)

    assert (done.verdict, foreign.commits) == ("committed", 3)
    assert replacing.rows("id") == [(1,), (2,)]


def test_without_time_left_the_conflict_goes_to_the_state_machine(appending: Lakeside) -> None:
    appending.publish(TWO)
    at, foreign = ready(appending, ONE), Foreign(rows_of_its_own, times=1)

    with foreign.after_our_look(), pytest.raises(CommitConflict):
        catalog(appending.plane, **at, seconds_left=lambda: 1.0)
    assert appending.rows("id") == [(THEIRS,), (3,), (4,)]

    assert catalog(appending.plane, **at, seconds_left=a_minute).verdict == "committed"
    assert appending.rows("id") == [(1,), (THEIRS,), (2,), (3,), (4,)]


def test_who_loses_the_product_between_two_tries_touches_nothing_more(appending: Lakeside) -> None:
    at = ready(appending, ONE)

    def another_attempt_begins(table: Any) -> None:
        rows_of_its_own(table)
        appending.ledger.release("things", at["batch_id"], attempt=1)
        assert appending.ledger.acquire("things", at["batch_id"], attempt=2, ttl=appending.plane.lease_ttl)

    with Foreign(another_attempt_begins, times=1).after_our_look(), pytest.raises(LeaseLost):
        catalog(appending.plane, **at, seconds_left=a_minute)

    assert appending.rows("id") == [(THEIRS,)]


def test_what_lands_unheard_after_conflicts_is_found(appending: Lakeside) -> None:
    """Two conflicts, then a commit that lands; its answer is lost, and the others go on meanwhile."""
    at, foreign, tables = ready(appending, ONE), Foreign(rows_of_its_own, times=2), count(1)
    load = lake.load

    def third_unheard(*name: str) -> Any:
        table = load(*name)
        if next(tables) < 2 * foreign.times + 1:  # each conflict loads it twice
            return table
        glue = own_glue(table)
        update = glue.update_table

        def lost(**request: Any) -> None:
            update(**request)
            rows_of_its_own(load(*name))
            raise ReadTimeoutError(endpoint_url="glue")

        glue.update_table = lost
        return table

    with patch.object(lake, "load", third_unheard), foreign.after_our_look():
        done = catalog(appending.plane, **at, seconds_left=a_minute)

    assert done.snapshot_id not in (None, appending.table.current_snapshot().snapshot_id)
    assert appending.standing(at["batch_id"]).snapshot_id == done.snapshot_id
    assert appending.rows("id") == [(1,), (THEIRS,), (THEIRS,), (THEIRS,), (2,)]
    assert isinstance(done, Cataloged)
    assert [s.parent_snapshot_id for s in appending.table.metadata.snapshots if s.snapshot_id == done.snapshot_id]
