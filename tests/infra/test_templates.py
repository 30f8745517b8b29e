"""The templates hold together: every name resolves, nothing can be lost silently, each function has what it imports."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path

import pytest
from ministack.services.cloudformation import provisioners

from datamesh.access.calls import STEPS
from datamesh.settings import AccessSettings, AskSettings, DomainSettings, PlatformSettings
from tests.support.imports import reached
from tests.support.templates import ROOT, TEMPLATES, Function, Template, listed, nodes, statements, template

PLANES = ("platform.yaml", "template.yaml")
FUNCTIONS = [(template(path), function) for path in PLANES for function in template(path).functions]
ENGINE = {"duckdb", "pyarrow", "pyiceberg", "snowballstemmer", "sqlglot"}
PSEUDO = re.compile(r"^AWS::\w+$")


def each_function(function: object) -> object:
    return pytest.mark.parametrize(
        ("plane", "function"), FUNCTIONS, ids=[function.directory for _, function in FUNCTIONS]
    )(function)


def normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def locked(layer: str) -> set[str]:
    """The packages that a layer is built of."""
    text = (ROOT / "requirements" / f"{layer}.txt").read_text(encoding="utf-8")
    return {normal(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_name_resolves(path: str) -> None:
    it = template(path)
    known = {*it.resources, *it.body.get("Parameters", {}), *it.body.get("Conditions", {})}
    assert {name for name in it.names() if name not in known and not PSEUDO.match(name)} == set()


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_parameter_and_condition_is_used(path: str) -> None:
    it = template(path)
    assert {*it.body.get("Parameters", {}), *it.body.get("Conditions", {})} - set(it.names()) == set()


def test_what_is_read_from_the_parameter_store_is_written_by_the_platform() -> None:
    written = template("platform.yaml").stored_names_written()
    for path in TEMPLATES:
        assert template(path).stored_names_read() <= written


def test_a_domain_can_be_found() -> None:
    names = {Path(name).name for name in template("template.yaml").stored_names_written()}
    assert names == {
        "landing-bucket",
        "lake-bucket",
        "ledger-table",
        "arrivals-queue-url",
        "publish-state-machine-arn",
        "reader-role-arn",
        "glue-database",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path in PLANES for name, _ in template(path).of_type("AWS::Serverless::StateMachine")],
)
def test_a_state_machine_gets_the_substitutions_that_it_names(path: str, name: str) -> None:
    machine = template(path).resources[name]["Properties"]
    definition = (ROOT / machine["DefinitionUri"]).read_text(encoding="utf-8")
    assert json.loads(definition)
    assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(machine["DefinitionSubstitutions"])


def test_each_function_directory_is_deployed_once() -> None:
    directories = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    deployed = [function.directory for _, function in FUNCTIONS]
    assert sorted(directories) == sorted(deployed)


# ---------------------------------------------------------------- functions


@each_function
def test_a_function_declares_the_layers_that_its_imports_need(plane: Template, function: Function) -> None:
    packages = {name.split(".")[0] for name in reached(ROOT / "functions" / function.directory / "app.py")}
    assert function.layers == ({"core", "engine"} if packages & ENGINE else {"core"})


@each_function
def test_all_that_a_function_imports_is_in_its_layers(plane: Template, function: Function) -> None:
    available = {name for layer in function.layers for name in locked(layer)} | {"boto3", "botocore"}
    packages = {name.split(".")[0] for name in reached(ROOT / "functions" / function.directory / "app.py")}
    distributions = importlib.metadata.packages_distributions()
    foreign = packages - set(sys.stdlib_module_names) - {"datamesh"}
    assert {name for name in foreign if not {normal(it) for it in distributions[name]} & available} == set()


@each_function
def test_a_function_gets_the_variables_that_its_settings_name(plane: Template, function: Function) -> None:
    names = reached(ROOT / "functions" / function.directory / "app.py")
    kinds = (AccessSettings, AskSettings, DomainSettings, PlatformSettings)
    (settings,) = (kind for kind in kinds if f"datamesh.settings.{kind.__name__}" in names)
    given = {name.lower() for name in plane.environment(function)}
    assert all(isinstance(value, str | dict) for value in plane.environment(function).values())
    assert given <= set(settings.model_fields)
    assert {name for name, field in settings.model_fields.items() if field.is_required()} <= given


@each_function
def test_a_function_keeps_a_log_for_a_while(plane: Template, function: Function) -> None:
    log = plane.resources[function.properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
    assert log["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{function.properties['FunctionName']['Fn::Sub']}"
    assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    basics = [s for _, s in nodes(plane.resources["FunctionBasics"]) if isinstance(s, dict) and s.get("Sid") == "Logs"]
    assert {"Fn::GetAtt": [f"{function.name}Logs", "Arn"]} in basics[0]["Resource"]


@each_function
def test_a_function_is_what_the_layers_are_built_for(plane: Template, function: Function) -> None:
    shared = plane.body["Globals"]["Function"]
    assert (shared["Runtime"], shared["Architectures"], shared["Handler"]) == ("python3.13", ["arm64"], "app.handler")
    assert shared["Tracing"] == "Active"
    assert not {"Runtime", "Architectures", "Handler", "Tracing"} & set(function.properties)


@each_function
def test_what_a_function_could_not_take_is_kept(plane: Template, function: Function) -> None:
    for event in function.properties.get("Events", {}).values():
        it = event["Properties"]
        if event["Type"] == "SQS":
            queue = plane.resources[it["Queue"]["Fn::GetAtt"][0]]["Properties"]
            assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
            assert queue["VisibilityTimeout"] >= 6 * function.properties["Timeout"]
            assert it["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        elif event["Type"] == "ScheduleV2":
            assert "DeadLetterConfig" in it
            assert "OnFailure" in function.properties["EventInvokeConfig"]["DestinationConfig"]
        else:
            assert event["Type"] == "Api"  # its caller sees the failure


def test_a_function_without_a_trigger_is_a_step_of_a_state_machine() -> None:
    domain = template("template.yaml")
    steps = {
        given["Fn::GetAtt"][0]
        for _, machine in domain.of_type("AWS::Serverless::StateMachine")
        for name, given in machine["Properties"]["DefinitionSubstitutions"].items()
        if name.endswith("FunctionArn")
    }
    assert {function.name for function in domain.functions if "Events" not in function.properties} == steps


def test_a_function_that_calls_itself_later_keeps_what_failed() -> None:
    (ask,) = (function for _, function in FUNCTIONS if function.directory == "ask")
    assert ask.properties["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    assert "OnFailure" in ask.properties["EventInvokeConfig"]["DestinationConfig"]


# ---------------------------------------------------------------- events and queues


@pytest.mark.parametrize("path", PLANES)
def test_every_rule_keeps_what_it_could_not_deliver(path: str) -> None:
    plane = template(path)
    senders = [
        (queue, sender)
        for _, policy in plane.of_type("AWS::SQS::QueuePolicy")
        for statement in statements(policy)
        for queue in listed(statement["Resource"])
        for sender in listed(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    ]
    for name, rule in plane.of_type("AWS::Events::Rule"):
        for target in rule["Properties"]["Targets"]:
            letters = target["DeadLetterConfig"]["Arn"]
            assert "FifoQueue" not in plane.resources[letters["Fn::GetAtt"][0]]["Properties"], "EventBridge takes none"
            for queue in [letters, *([target["Arn"]] if "Queue" in str(target["Arn"]) else [])]:
                assert (queue, {"Fn::GetAtt": [name, "Arn"]}) in senders


@pytest.mark.parametrize("path", PLANES)
def test_every_queue_of_failures_has_an_alarm(path: str) -> None:
    plane = template(path)
    queues = {name for name, _ in plane.of_type("AWS::SQS::Queue")}
    worked_on = {
        event["Properties"]["Queue"]["Fn::GetAtt"][0]
        for function in plane.functions
        for event in function.properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    watched = {
        it["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for _, it in plane.of_type("AWS::CloudWatch::Alarm")
        if it["Properties"]["Namespace"] == "AWS/SQS"
    }
    assert watched == queues - worked_on


def test_a_batch_that_lost_rows_is_never_quiet() -> None:
    """The alarms look at what the functions count, under the dimensions that they count it by."""
    watched = [
        it["Properties"]
        for _, it in template("template.yaml").of_type("AWS::CloudWatch::Alarm")
        if it["Properties"]["Namespace"] == "datamesh"
    ]
    assert {it["MetricName"] for it in watched} == {"BatchesPartial", "BatchesRejected", "BatchesFailed"}
    for it in watched:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in it["Dimensions"]}
        assert dimensions.keys() == {"stage", "domain", "service"}
        door = (ROOT / "functions" / dimensions["service"] / "app.py").read_text(encoding="utf-8")
        assert f'"{it["MetricName"]}"' in door
        assert "set_default_dimensions(stage=" in door


def test_a_contract_is_no_arrival_and_every_other_object_is_one() -> None:
    domain = template("template.yaml")
    patterns = [domain.resources[name]["Properties"]["EventPattern"] for name in ("ArrivalsRule", "ContractsRule")]
    arrivals, contracts = (pattern["detail"]["object"]["key"] for pattern in patterns)
    assert arrivals == [{"anything-but": contracts[0]}]


def test_one_writer_of_grants_for_each_database() -> None:
    domain = template("template.yaml")
    (target,) = domain.resources["GrantsRule"]["Properties"]["Targets"]
    assert target["SqsParameters"] == {"MessageGroupId": {"Ref": "Database"}}
    assert domain.resources["GrantsQueue"]["Properties"]["ContentBasedDeduplication"] is True


# ---------------------------------------------------------------- where it runs


@pytest.mark.parametrize("path", TEMPLATES)
def test_no_template_knows_where_it_runs(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not re.search(r"\b(local|localhost|ministack|moto|emulator)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("path", PLANES)
def test_what_the_local_aws_lacks_is_a_choice_on_aws(path: str) -> None:
    """The named exceptions: what is deployed to AWS only, each behind a condition that means something there."""
    known = provisioners._RESOURCE_HANDLERS
    lacking = {
        (it["Type"], it.get("Condition"))
        for it in template(path).resources.values()
        if it["Type"] not in known and not it["Type"].startswith("AWS::Serverless::")
    }
    assert (
        lacking
        == {
            "platform.yaml": {
                ("AWS::Events::Archive", "KeepsArchive"),
            },
            "template.yaml": {
                ("AWS::LakeFormation::Resource", "UsesLakeFormation"),
                ("AWS::LakeFormation::PrincipalPermissions", "UsesLakeFormation"),
                ("AWS::LakeFormation::PrincipalPermissions", "GlueNeedsLakeFormation"),
            },
        }[path]
    )


def test_every_step_of_a_request_for_access_has_its_route() -> None:
    routes = template("platform.yaml").resources["ManageAccess"]["Properties"]["Events"].values()
    paths = {event["Properties"]["Path"] for event in routes if event["Type"] == "Api"}
    steps = {f"/access/requests/{{request_id}}/{step}" for step in STEPS}
    assert paths - {"/access/requests", "/access/requests/{request_id}"} == steps
