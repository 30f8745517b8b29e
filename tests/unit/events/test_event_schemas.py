"""What is sent is what `schemas/events/` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from datamesh import events, messages
from datamesh.errors import Transient

COMMITTED = Path(__file__).parents[3] / "schemas" / "events"
OBJECT = events.ObjectPointer(bucket="landing", key="planes/a.csv", version_id="v")
DIFFER = events.GrantsDiffer(product="planes")


class Bus:
    """An EventBridge that keeps what it is sent, and refuses the entries whose numbers it is given."""

    def __init__(self, *refused: int) -> None:
        self.sizes: list[int] = []
        self.entries: list[dict[str, Any]] = []
        self._refused = refused

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        first = len(self.entries)
        self.sizes.append(len(Entries))
        self.entries += Entries
        answers = [
            {"ErrorCode": "ThrottlingException"} if first + n in self._refused else {} for n in range(len(Entries))
        ]
        return {"FailedEntryCount": sum(1 for answer in answers if answer), "Entries": answers}


def send(bus: Bus, *facts: events.Event) -> None:
    messages.emit(facts, client=bus, bus="mesh", domain="fleet", correlation_id="run-1")


def test_the_committed_schemas_are_those_of_the_classes() -> None:
    committed = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in COMMITTED.glob("*.json")}
    assert committed == messages.json_schemas(), "run `make schemas`"


@pytest.mark.parametrize("name", sorted(events.EVENT_TYPES))
def test_every_schema_is_one_and_says_what_the_event_is_called(name: str) -> None:
    schema = messages.json_schemas()[f"{name}.v1.schema.json"]
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == name
    assert schema["required"] == ["metadata", "data"]


def test_what_is_sent_fits_its_schema_and_is_read_back_as_it_was() -> None:
    # Given an event on its way
    bus = Bus()
    told = events.ArrivalRejected(object=OBJECT, rule="unknownProduct")
    send(bus, told)
    # When it arrives
    [entry] = bus.entries
    detail = json.loads(entry["Detail"])
    # Then it fits the schema of its type, and a detail with anything more or less does not
    validator = Draft202012Validator(messages.json_schemas()["ArrivalRejected.v1.schema.json"])
    assert validator.is_valid(detail)
    assert not validator.is_valid(detail | {"data": {**detail["data"], "row": "a value"}})
    assert not validator.is_valid({"metadata": detail["metadata"]})
    metadata, event = messages.parse(entry["DetailType"], detail)
    assert event == told
    assert (metadata.domain, metadata.correlation_id) == ("fleet", "run-1")
    assert (entry["Source"], entry["EventBusName"]) == ("datamesh.fleet", "mesh")


def test_many_events_go_ten_at_a_time_each_with_an_id_of_its_own() -> None:
    bus = Bus()
    send(bus, *[DIFFER] * 23)
    assert bus.sizes == [10, 10, 3]
    assert len({json.loads(entry["Detail"])["metadata"]["event_id"] for entry in bus.entries}) == 23


@pytest.mark.parametrize("refused", [0, 9, 10, 22])
def test_one_refused_event_is_an_error_worth_a_retry(refused: int) -> None:
    with pytest.raises(Transient, match="ThrottlingException"):
        send(Bus(refused), *[DIFFER] * 23)


@pytest.mark.parametrize("source", ["datamesh.fleet", "aws.s3", "datamesh", "xdatamesh.fleet"])
def test_a_delivery_tells_the_domain_that_its_source_names(source: str) -> None:
    body = json.dumps({"source": source, "account": "1", "detail-type": "GrantsDiffer", "detail": {}, "id": "x"})
    assert messages.Delivery.model_validate_json(body).domain == ("fleet" if source == "datamesh.fleet" else "")
