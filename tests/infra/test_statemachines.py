"""The state machines as written: every name resolves, every task ends in time, and no failure looks green."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonata
import pytest

from datamesh import errors, events, messages
from datamesh.govern.requests import DECIDE_WITHIN
from tests.support.templates import Template, template

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "statemachines").glob("*.asl.json"))
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.DOTALL)

# Nothing catches these: their failure fails the execution, and the sweeper goes on with the batch.
# That of the last of them leaves a request open, until it is decided on or the platform's sweep ends it.
UNCAUGHT = {"RegisterProduct", "RejectBatch", "TellFailure", "RecordFailure", "EndWhatIsOver"}
OURS = {name for name in errors.__all__ if name not in {"InfrastructureError", "DatameshError"}}


def machine(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / f"statemachines/{name}.asl.json").read_text(encoding="utf-8"))
    return loaded


def scopes(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine, and the processor of each Map in it."""
    yield definition
    for state in definition["States"].values():
        if "ItemProcessor" in state:
            yield from scopes(state["ItemProcessor"])


def states(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for scope in scopes(json.loads(path.read_text(encoding="utf-8"))):
        yield from scope["States"].items()


def values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner)
    elif isinstance(value, str):
        yield value


def evaluated(value: Any, **bound: Any) -> Any:
    """`value` with every expression in it evaluated; `bound` is what `$states` holds."""
    if isinstance(value, dict):
        return {key: evaluated(inner, **bound) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluated(inner, **bound) for inner in value]
    if not isinstance(value, str) or not (match := EXPRESSION.match(value)):
        return value
    expression = jsonata.Jsonata.jsonata(match[1])
    expression.register_lambda("uuid", lambda: "7d6f0a52-6c0e-4a44-9d3a-0d6c3c9f5a11")
    return expression.evaluate(None, {"states": bound})


EACH = [
    pytest.param(path, name, state, id=f"{path.name.split('.')[0]}.{name}")
    for path in FILES
    for name, state in states(path)
]
TASKS = [each for each in EACH if each.values[2]["Type"] == "Task"]  # type: ignore[index, call-overload]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_machine_is_jsonata_with_a_timeout_and_every_name_in_it_resolves(path: Path) -> None:
    definition = json.loads(path.read_text(encoding="utf-8"))
    assert definition["QueryLanguage"] == "JSONata"
    assert definition["TimeoutSeconds"] > 0
    for scope in scopes(definition):
        named = {scope["StartAt"]}
        for state in scope["States"].values():
            named |= {state[key] for key in ("Next", "Default") if key in state}
            named |= {rule["Next"] for rule in (*state.get("Choices", []), *state.get("Catch", []))}
        assert named == scope["States"].keys(), "a state is named that is not there, or is there and never reached"


@pytest.mark.parametrize(("path", "name", "state"), TASKS)
def test_a_task_ends_in_time_and_is_tried_again_by_name(path: Path, name: str, state: dict[str, Any]) -> None:
    assert state["TimeoutSeconds"] > 0
    assert state["Retry"]
    for retrier in state["Retry"]:
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["BackoffRate"] > 1
        assert "States.ALL" not in retrier["ErrorEquals"]
    if state["Resource"].endswith("lambda:invoke"):
        named = [error for retrier in state["Retry"] for error in retrier["ErrorEquals"]]
        assert {"Transient", "CommitConflict", "Lambda.TooManyRequestsException", "Lambda.ServiceException"} <= set(
            named
        )
        lost_answers = {"ConnectionClosedError", "ResponseStreamingError", "InternalServiceException", "OSError"}
        assert lost_answers <= set(named), "what an SDK or Arrow says when an answer breaks off"
        assert not {"LeaseLost", "UnreadableInput"} & set(named), "what a retry cannot help is not tried again"


@pytest.mark.parametrize(("path", "name", "state"), [e for e in EACH if e.values[2]["Type"] in {"Task", "Map"}])  # type: ignore[index, call-overload]
def test_every_failure_is_caught_where_something_is_to_be_done_about_it(
    path: Path, name: str, state: dict[str, Any]
) -> None:
    caught = [error for catcher in state.get("Catch", []) for error in catcher["ErrorEquals"]]
    in_a_map = name not in json.loads(path.read_text(encoding="utf-8"))["States"]
    if name in UNCAUGHT or in_a_map:
        assert not caught
    else:
        assert caught[-1] == "States.ALL"
        assert set(caught[:-1]) <= OURS, "errors of ours stand before States.ALL, by their class's name"


@pytest.mark.parametrize(("path", "name", "state"), EACH)
def test_errors_of_ours_are_named_as_their_classes_are(path: Path, name: str, state: dict[str, Any]) -> None:
    for rule in (*state.get("Retry", []), *state.get("Catch", [])):
        for error in rule["ErrorEquals"]:
            foreign = "." in error or error.endswith(("Exception", "Exceeded", "Error"))
            assert foreign or error in OURS, error


@pytest.mark.parametrize(("path", "name", "state"), EACH)
def test_every_expression_parses(path: Path, name: str, state: dict[str, Any]) -> None:
    for value in values({key: inner for key, inner in state.items() if key != "ItemProcessor"}):
        if match := EXPRESSION.match(value):
            jsonata.Jsonata.jsonata(match[1])
        else:
            assert "{%" not in value, f"half an expression: {value}"


def test_an_execution_succeeds_only_where_it_did_what_it_is_for() -> None:
    for path, ends in (
        ("publish_product", {"RegisterProduct"}),
        ("apply_contract", {"ContractApplied"}),
        ("grant_access", {"Decided"}),
    ):
        every = machine(path)["States"]
        assert {name for name, state in every.items() if state.get("End") or state["Type"] == "Succeed"} == ends


def test_a_batch_of_one_file_is_at_most_eight_billed_transitions() -> None:
    """The start and every state that is entered are billed, those in a Map once for each item."""
    every = machine("publish_product")["States"]
    entered, name = ["(start)"], "ValidateBatch"
    while name:
        state = every[name]
        entered += [name, *state.get("ItemProcessor", {}).get("States", {})]
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next", "")
    assert len(entered) <= 8, entered


def test_many_slices_are_executions_of_their_own_a_few_at_a_time_and_none_may_fail() -> None:
    every = machine("publish_product")["States"]
    chosen = [
        next((c["Next"] for c in every["IsValid"]["Choices"] if evaluated(c["Condition"], input=said)), "RejectBatch")
        for said in (
            {"verdict": "ok", "slices": [0], "many": False},
            {"verdict": "ok", "slices": [0, 1], "many": True},
            {"verdict": "rejected", "slices": [], "many": False},
        )
    ]
    assert chosen == ["TransformSlices", "TransformManySlices", "RejectBatch"]
    modes = {name: every[name]["ItemProcessor"]["ProcessorConfig"]["Mode"] for name in chosen[:2]}
    assert modes == {"TransformSlices": "INLINE", "TransformManySlices": "DISTRIBUTED"}
    for name in chosen[:2]:
        assert 0 < every[name]["MaxConcurrency"] <= 8
        assert not {"ToleratedFailurePercentage", "ToleratedFailureCount"} & every[name].keys()


def test_what_runs_by_itself_reads_nothing_of_the_execution_that_started_it() -> None:
    """In a Distributed Map `$states.context.Execution` is the item's own execution."""
    processor = machine("publish_product")["States"]["TransformManySlices"]["ItemProcessor"]
    assert not [value for value in values(processor) if "$states.context.Execution" in value]


RUN = {"product": "flights", "batch_id": "20130101T120000Z-00000001", "attempt": 2}


def context(**execution: Any) -> dict[str, Any]:
    return {"Execution": {"Input": RUN, "Name": "execution-1"} | execution}


def test_what_the_steps_of_publish_product_are_called_with() -> None:
    every = machine("publish_product")["States"]

    assert evaluated(every["ValidateBatch"]["Arguments"], context=context())["Payload"] == RUN
    for name in ("TransformSlices", "TransformManySlices"):
        (one,) = every[name]["ItemProcessor"]["States"].values()
        assert evaluated(every[name]["Items"], input={"verdict": "ok", "slices": [0]}) == [0]
        item = evaluated(every[name]["ItemSelector"], context=context() | {"Map": {"Item": {"Index": 0, "Value": 1}}})
        assert evaluated(one["Arguments"], input=item)["Payload"] == RUN | {"slice": 1}
    assert evaluated(every["CatalogProduct"]["Arguments"], context=context(), input={})["Payload"] == RUN
    assert evaluated(every["RegisterProduct"]["Arguments"], context=context())["Payload"] == {
        "product": "flights",
        "batch_id": RUN["batch_id"],
    }


def test_a_batch_is_rejected_with_its_reasons_and_failed_with_its_error() -> None:
    every = machine("publish_product")["States"]
    reasons = [{"rule": "header", "column": None, "rows": 0}]
    payload = evaluated(
        every["RejectBatch"]["Arguments"], context=context(), input={"verdict": "rejected", "reasons": reasons}
    )["Payload"]
    assert (payload["reasons"], payload["batch_id"], payload["attempt"]) == (reasons, RUN["batch_id"], 2)

    caught = evaluated(
        every["ValidateBatch"]["Catch"][-1]["Output"], errorOutput={"Error": "Transient", "Cause": "long"}
    )
    assert caught == {"error": {"Error": "Transient"}}
    assert evaluated(every["RejectBatch"]["Arguments"], context=context(), input=caught)["Payload"] == RUN | caught
    for state, error in (("REJECTED", "BatchRejected"), ("FAILED", "BatchFailed")):
        assert evaluated(every["Unpublished"]["Error"], input={"state": state}) == error


@pytest.mark.parametrize("version", ["", "v1"], ids=["without version", "with version"])
def test_a_contract_that_infrastructure_failed_is_told_of_in_our_envelope(version: str) -> None:
    every = machine("apply_contract")["States"]
    text = json.dumps(every["TellFailure"]["Arguments"])
    filled = json.loads(text.replace("${Domain}", "operations").replace("${BusName}", "bus"))
    s3 = {"detail": {"bucket": {"name": "landing"}, "object": {"key": "contracts/flights.odcs.yaml"}}}
    s3["detail"]["object"] |= {"version-id": version} if version else {}  # type: ignore[operator]
    caught = evaluated(
        every["CheckContract"]["Catch"][0]["Output"], context=context(Input=s3), errorOutput={"Error": "Transient"}
    )

    [entry] = evaluated(filled, context=context(Input=s3), input=caught)["Entries"]

    assert (entry["Source"], entry["EventBusName"]) == ("datamesh.operations", "bus")
    metadata, event = messages.parse(entry["DetailType"], entry["Detail"])
    assert (metadata.domain, metadata.correlation_id) == ("operations", "execution-1")
    pointer = events.ObjectPointer(bucket="landing", key="contracts/flights.odcs.yaml", version_id=version)
    assert event == events.ContractFailed(contract=pointer, error="Transient")


REQUEST = {"request_id": "0123456789abcdef-00000001"}


def test_what_the_steps_of_grant_access_are_called_with() -> None:
    every = machine("grant_access")["States"]
    bound = {"Execution": {"Input": REQUEST, "Name": "execution-1"}, "Task": {"Token": "a-token"}}
    said = {
        name: evaluated(every[name]["Arguments"], context=bound)["Payload"]
        for name in ("ApproveByPolicy", "AwaitOwner", "EndWhatIsOver")
    }
    assert said == {
        "ApproveByPolicy": {"task": "approve_by_policy"} | REQUEST,
        "AwaitOwner": {"task": "wait", "token": "a-token"} | REQUEST,
        "EndWhatIsOver": {"task": "end"} | REQUEST,
    }


@pytest.mark.parametrize(
    ("state", "following"), [("requested", "AwaitOwner"), ("granted", ""), ("withdrawn", ""), ("lapsed", "")]
)
def test_a_request_that_is_decided_waits_for_nobody(state: str, following: str) -> None:
    (choice,) = machine("grant_access")["States"]["IsDecided"]["Choices"]
    assert (choice["Next"] if evaluated(choice["Condition"], input={"state": state}) else "") == following


def test_an_owner_has_the_time_to_decide_that_requests_have_and_is_not_waited_for_twice() -> None:
    definition = machine("grant_access")
    wait = definition["States"]["AwaitOwner"]
    assert wait["TimeoutSeconds"] == DECIDE_WITHIN.total_seconds() < definition["TimeoutSeconds"]
    assert not [error for rule in wait["Retry"] for error in rule["ErrorEquals"] if "Timeout" in error.split(".")]
    assert {rule["Next"] for rule in wait["Catch"]} == {"EndWhatIsOver"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_template_fills_in_every_name_and_no_other(path: Path) -> None:
    assert set(SUBSTITUTION.findall(path.read_text(encoding="utf-8"))) == substitutions(path).keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_function_ends_before_its_task_does(path: Path) -> None:
    """Else a task that timed out would be tried again beside a function that still runs."""
    plane, given = plane_of(path), substitutions(path)
    seconds = {function.name: function.properties["Timeout"] for function in plane.functions}
    for name, state in states(path):
        if state["Type"] == "Task" and state["Resource"].endswith("lambda:invoke"):
            [substituted] = SUBSTITUTION.findall(state["Arguments"]["FunctionName"])
            function = given[substituted]["Fn::GetAtt"][0]
            assert seconds[function] < state["TimeoutSeconds"], name


def plane_of(path: Path) -> Template:
    return template("platform.yaml" if path.name == "grant_access.asl.json" else "template.yaml")


def substitutions(path: Path) -> dict[str, Any]:
    """What the template puts into a definition, by name."""
    machines = plane_of(path).of_type("AWS::Serverless::StateMachine")
    [properties] = [it["Properties"] for _, it in machines if it["Properties"]["DefinitionUri"].endswith(path.name)]
    given: dict[str, Any] = properties["DefinitionSubstitutions"]
    return given
