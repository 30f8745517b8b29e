"""What docs/aws.md says that a laptop cannot show: each line is tried here, and goes once the local AWS can show it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.templates import ROOT
from tests.support.waiting import until

TABLE = {"DatabaseName": "datamesh_dev_network", "TableName": "airlines_v1"}
NOBODY = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}

# How a line begins, and why it is not tried: what it is about is AWS's own.
UNTRIED = {
    "how Lake Formation adds up": "AWS documents it nowhere",
    "whether a table's listing": "AWS documents it nowhere",
    "that Lake Formation shows to others": "whoever of ours may list is an administrator",
    "the rights to send a task's token": "the emulator is mended, as AWS documents it",
    "an organization": "there is none; an account alone is the common case",
    "AWS's own evaluation": "the emulator is mended, as AWS documents it",
    "Python 3.13 on arm64": "a laptop may be just that",
}


def gives_out_no_data(mesh: Any) -> None:
    arn = f"arn:aws:glue:us-east-1:{mesh.target.account}:table/{TABLE['DatabaseName']}/{TABLE['TableName']}"
    with pytest.raises(ClientError, match="404"):
        mesh.target.client("lakeformation").get_temporary_glue_table_credentials(TableArn=arn)


def takes_any_filter(mesh: Any) -> None:
    lake_formation, place = mesh.target.client("lakeformation"), {"TableCatalogId": mesh.target.account, **TABLE}
    rows = {"FilterExpression": "nonsense = 1"}
    filtered = {**place, "Name": "odd", "ColumnNames": ["nonsense"], "RowFilter": rows}
    lake_formation.create_data_cells_filter(TableData=filtered)
    lake_formation.delete_data_cells_filter(**place, Name="odd")


def locks_nothing(mesh: Any) -> None:
    bucket = mesh.target.parameters("platform")["audit-bucket"]
    with pytest.raises(ClientError, match="ObjectLockConfigurationNotFoundError"):
        mesh.target.client("s3").get_object_lock_configuration(Bucket=bucket)


def has_no_archives(mesh: Any) -> None:
    body = {"Resources": {"It": {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": bus(mesh)}}}}
    formation = mesh.target.client("cloudformation")
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        formation.create_stack(StackName="gap", TemplateBody=json.dumps(body))


def forgets_what_it_cannot_deliver(mesh: Any) -> None:
    events, sqs = mesh.target.client("events"), mesh.target.client("sqs")
    queues = [sqs.create_queue(QueueName=f"gap-{name}")["QueueUrl"] for name in ("dead", "there")]
    dead, there = (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"] for url in queues
    )
    nobody = f"arn:aws:sqs:us-east-1:{mesh.target.account}:gap-nobody"
    events.put_rule(Name="gap", EventPattern=json.dumps({"source": ["gap"]}))
    targets = [{"Id": "nobody", "Arn": nobody, "DeadLetterConfig": {"Arn": dead}}, {"Id": "there", "Arn": there}]
    events.put_targets(Rule="gap", Targets=targets)
    events.put_events(Entries=[{"Source": "gap", "DetailType": "Gap", "Detail": "{}"}])
    assert until(lambda: sqs.receive_message(QueueUrl=queues[1]).get("Messages"))
    assert "Messages" not in sqs.receive_message(QueueUrl=queues[0], WaitTimeSeconds=1)


def shares_nothing(mesh: Any) -> None:
    with pytest.raises(ClientError, match="400"):
        mesh.target.client("ram").get_resource_shares(resourceOwner="SELF")


def asks_no_role_of_a_workflow(mesh: Any) -> None:
    queue = mesh.target.client("sqs").create_queue(QueueName="gap-sent")["QueueUrl"]
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    asked = {"QueueUrl": queue, "MessageBody": "gap"}
    assert ends(mesh, "gap-role", {"StartAt": "Send", "States": {"Send": send | {"Parameters": asked}}}) == "SUCCEEDED"


def takes_any_state(mesh: Any) -> None:
    same = {"StartAt": "Same", "States": {"Same": {"Type": "Pass", "End": True}}}
    assert ends(mesh, "gap-state", same, {"long": "x" * 300_000}) == "SUCCEEDED"


def encrypts_nothing(mesh: Any) -> None:
    s3, bucket = mesh.target.client("s3"), mesh.target.parameters("network")["landing-bucket"]
    key = f"arn:aws:kms:us-east-1:{mesh.target.account}:key/00000000-0000-0000-0000-000000000000"
    s3.put_object(Bucket=bucket, Key="gap", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.delete_object(Bucket=bucket, Key="gap")


def optimizes_nothing(mesh: Any) -> None:
    how = {"roleArn": mesh.target.role_arn("analyst"), "enabled": True}
    with pytest.raises(ClientError, match="Unknown Glue action"):
        mesh.target.client("glue").create_table_optimizer(
            CatalogId=mesh.target.account, **TABLE, Type="compaction", TableOptimizerConfiguration=how
        )


def shows_functions_what_no_layer_holds(mesh: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("app.py", "import duckdb\ndef handler(event, context):\n    return duckdb.__version__\n")
    functions, name = mesh.target.client("lambda"), "gap"
    role = mesh.target.role_arn("analyst")
    code = {"ZipFile": packed.getvalue()}
    functions.create_function(FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=role, Code=code)
    answer = functions.invoke(FunctionName=name)
    functions.delete_function(FunctionName=name)
    assert "FunctionError" not in answer, answer["Payload"].read()


def reads_no_iceberg(mesh: Any) -> None:
    """It counts what it finds in all of the table's files."""
    athena, sql = mesh.target.client("athena"), "SELECT count(*) FROM {}.airlines{}"
    where = {"OutputLocation": f"s3://{mesh.target.parameters('network')['lake-bucket']}/gap/"}
    asked = {"QueryString": sql.format("datamesh_dev_network", "_v1"), "ResultConfiguration": where}
    query = athena.start_query_execution(**asked)["QueryExecutionId"]

    def state() -> str:
        return str(athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"])

    until(lambda: state() not in ("QUEUED", "RUNNING"))
    if state() == "SUCCEEDED":
        [_, [counted]] = [row["Data"] for row in athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]]
        assert [[int(counted["VarCharValue"])]] != mesh.json("sql", sql.format("network", ""))["rows"]


PROBES: dict[str, Callable[[Any], None]] = {
    "Lake Formation giving out data": gives_out_no_data,
    "what Lake Formation checks of a filter": takes_any_filter,
    "S3 Object Lock": locks_nothing,
    "event archive and replay as resources": has_no_archives,
    "dead-letter queues of rules": forgets_what_it_cannot_deliver,
    "Lake Formation sharing a table": shares_nothing,
    "the roles of state machines": asks_no_role_of_a_workflow,
    "encryption with a key of one's own": encrypts_nothing,
    "the 256 KiB limit": takes_any_state,
    "Glue's table optimizers": optimizes_nothing,
    "layers": shows_functions_what_no_layer_holds,
    "Athena over Iceberg": reads_no_iceberg,
}


def test_every_line_of_the_list_is_tried_or_says_why_not() -> None:
    text = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8").partition("\n## ")[0]
    lines = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)[1:]
    known = [*PROBES, *UNTRIED]
    assert [it for it in lines if not it.startswith("---") and sum(it.startswith(begin) for begin in known) != 1] == []
    assert [begin for begin in known if not any(it.startswith(begin) for it in lines)] == []


@pytest.mark.parametrize("line", PROBES)
def test_the_local_aws_lacks_it_still(mesh: Any, line: str) -> None:
    PROBES[line](mesh)


def bus(mesh: Any) -> str:
    return f"arn:aws:events:us-east-1:{mesh.target.account}:event-bus/datamesh-dev"


def ends(mesh: Any, name: str, definition: dict[str, Any], given: Any = None) -> str:
    """How a state machine ends whose role may do nothing."""
    iam, states = mesh.target.client("iam"), mesh.target.client("stepfunctions")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(NOBODY))["Role"]["Arn"]
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    run = states.start_execution(stateMachineArn=machine, input=json.dumps(given or {}))["executionArn"]
    status: str = until(lambda: (s := states.describe_execution(executionArn=run)["status"]) != "RUNNING" and s)
    states.delete_state_machine(stateMachineArn=machine)
    return status
