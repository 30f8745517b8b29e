"""The functions of the data path as they are deployed: the state machine's payloads through their handlers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from datamesh import aws, settings
from datamesh.errors import LeaseLost
from functions.catalog_product import app as catalog_product
from functions.transform_batch import app as transform_batch
from functions.validate_batch import app as validate_batch
from tests.support.lakeside import HEAD, REGION, Lakeside

CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=256,
    invoked_function_arn=f"arn:aws:lambda:{REGION}:123456789012:function:function",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 60_000,
)
CONTRACT = (
    HEAD.encode()
    + b"""\
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true}
"""
)


@pytest.fixture
def world(account: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lakeside]:
    built = Lakeside.build(CONTRACT)
    for name, value in built.plane.settings.model_dump(mode="json").items():
        monkeypatch.setenv(name.upper(), value if isinstance(value, str) else json.dumps(value))
    forget()
    yield built
    forget()


def forget() -> None:
    for made_once in (aws.client, aws.resource_table, settings.load):
        made_once.cache_clear()


def test_from_the_first_step_to_the_snapshot(world: Lakeside) -> None:
    run: dict[str, Any] = {"product": "things", "batch_id": world.batch("id\n1\n2\nx\n"), "attempt": 1}

    assert validate_batch.handler(run, CONTEXT) == {"verdict": "ok", "slices": [0], "reasons": [], "many": False}
    assert transform_batch.handler({**run, "slice": 0}, CONTEXT) == {
        "slice": 0,
        "rows_in": 3,
        "rows_good": 2,
        "rows_bad": 1,
    }
    done = catalog_product.handler(run, CONTEXT)

    snapshot = world.table.current_snapshot()
    assert done == {
        "verdict": "committed",
        "status": "partial",
        "snapshot_id": snapshot.snapshot_id,
        "sequence": snapshot.sequence_number,
        "reasons": [{"rule": "type", "column": "id", "rows": 1}],
        "rows_published": 2,
        "rows_quarantined": 1,
    }
    assert json.loads(json.dumps(done)) == done
    assert world.standing(run["batch_id"]).counts.rows_published == 2


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # a handler that raises has none
def test_refusals_are_answers_and_a_lost_lease_is_an_error(world: Lakeside) -> None:
    run: dict[str, Any] = {"product": "things", "batch_id": world.batch("PK\x03\x04"), "attempt": 1}

    assert validate_batch.handler(run, CONTEXT) == {
        "verdict": "rejected",
        "slices": [],
        "reasons": [{"rule": "wrong-format", "column": None, "rows": 0}],
        "many": False,
    }
    with pytest.raises(LeaseLost):
        validate_batch.handler({**run, "attempt": 2}, CONTEXT)
