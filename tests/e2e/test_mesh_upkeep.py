"""What comes later in a product's life, done by the functions in their own roles: contracts change, old files go."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.local import state
from cli.local.wire import PATH
from tests.support.waiting import until

PRODUCT = "weather.gauges"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: weather-gauges
version: 1.0.0
status: active
domain: weather
dataProduct: gauges
schema:
  - name: gauges
    physicalType: table
    customProperties:
      - {property: datamesh.writeMode, value: append}
    properties:
      - {name: gauge, logicalType: string, required: true}
      - {name: depth, logicalType: integer}
slaProperties:
  - {property: quarantineRetention, value: 0.001, unit: h}
"""
KEPT = 3.6  # seconds
SENT_AWAY = "{property: datamesh.severity, value: error}"


@pytest.fixture(scope="module")
def gauges(mesh: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as it lies on disk; in force, and a file published of which one row was kept back."""
    folder = tmp_path_factory.mktemp("gauges")
    contract, data = folder / "gauges.odcs.yaml", folder / "gauges.csv"
    contract.write_text(CONTRACT, encoding="utf-8")
    data.write_text("gauge,depth\nA,1\nB,deep\n", encoding="utf-8")
    assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"
    [run] = mesh.json("publish", PRODUCT, str(data), code=4)["runs"]
    assert (run["rows_published"], run["rows_quarantined"]) == (1, 1)
    return contract


def test_maintenance_removes_what_nothing_leads_to_and_rows_whose_time_is_over(mesh: Any, gauges: Path) -> None:
    lake = mesh.target.parameters("weather")["lake-bucket"]
    s3 = mesh.target.client("s3")
    lonely = "tables/gauges_v1/data/lonely.parquet"
    s3.put_object(Bucket=lake, Key=lonely, Body=b"left by nobody")
    time.sleep(KEPT + 1)

    with mesh.configured("datamesh-dev-weather-maintain-table", UNREACHABLE_HOURS="0"):
        [did] = mesh.json("maintain", PRODUCT)["tables"]

    assert (did["files_removed"], did["quarantine_removed"]) == (1, 1)
    left = [it["Key"] for it in s3.list_objects_v2(Bucket=lake).get("Contents", []) if "gauges" in it["Key"]]
    assert not [key for key in left if key.startswith("quarantine/")]
    assert lonely not in left
    assert [key for key in left if key.startswith("tables/gauges_v1/data/")], "what was published stays"


def test_a_contract_is_compared_with_the_one_in_force(mesh: Any, gauges: Path) -> None:
    more = CONTRACT.replace("1.0.0", "1.1.0").replace("slaP", "      - {name: river, logicalType: string}\nslaP")
    gauges.write_text(more, encoding="utf-8")
    assert mesh.json("contract", "push", str(gauges))["outcome"] == "applied"

    gauges.write_text(more.replace("1.1.0", "1.2.0").replace("integer", "date"), encoding="utf-8")
    assert mesh.json("contract", "push", str(gauges), code=2)["outcome"] == "rejected"


def test_rows_that_refer_to_another_product_are_looked_up_there(mesh: Any, gauges: Path, tmp_path: Path) -> None:
    contract, data = tmp_path / "levels.odcs.yaml", tmp_path / "levels.csv"
    to = "gauges.odcs.yaml#/schema/gauges/properties/gauge"
    refers = f"required: true, relationships: [{{type: foreignKey, to: '{to}', customProperties: [{SENT_AWAY}]}}]"
    contract.write_text(CONTRACT.replace("gauges", "levels").replace("required: true", refers), encoding="utf-8")
    data.write_text("gauge,depth\nA,1\nZ,2\n", encoding="utf-8")
    assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"

    [run] = mesh.json("publish", "weather.levels", str(data), code=4)["runs"]

    assert (run["rows_published"], run["rows_quarantined"]) == (1, 1)


def test_what_was_committed_and_not_told_is_told_by_the_sweeper(mesh: Any, gauges: Path) -> None:
    places, workflows = mesh.target.parameters("weather"), mesh.target.client("stepfunctions")
    s3 = mesh.target.client("s3")

    def failed() -> list[str]:
        asked = {"stateMachineArn": places["publish-state-machine-arn"], "statusFilter": "FAILED"}
        return [it["name"] for it in workflows.list_executions(**asked)["executions"]]

    before = failed()
    with mesh.configured("datamesh-dev-weather-register-product", LEDGER_TABLE="nobodys-table"):
        s3.put_object(Bucket=places["landing-bucket"], Key="gauges/later.csv", Body=b"gauge,depth\nC,3\n")
        until(lambda: len(failed()) > len(before), seconds=120)
    [run] = set(failed()) - set(before)

    invoke(mesh, "datamesh-dev-weather-sweep-batches")

    assert mesh.json("show", run.removesuffix("-1"))["status"] == "published"


def test_a_file_that_is_deleted_before_it_is_read_rejects_its_batch(mesh: Any, gauges: Path) -> None:
    places, workflows = mesh.target.parameters("weather"), mesh.target.client("stepfunctions")
    s3, where = mesh.target.client("s3"), {"Bucket": places["landing-bucket"], "Key": "gauges/brief.csv"}

    def runs() -> set[str]:
        every = workflows.list_executions(stateMachineArn=places["publish-state-machine-arn"])["executions"]
        return {it["name"] for it in every}

    before = runs()
    slowly = {
        "outcome": "late",
        "seconds": 10,
        "caller": "datamesh-dev-weather-validate-batch",
        "resource": "*landing*",
    }
    with faults(mesh, slowly):
        version = s3.put_object(**where, Body=b"gauge,depth\nD,4\n")["VersionId"]
        until(lambda: runs() > before, seconds=120)
        s3.delete_object(**where, VersionId=version)
    [run] = runs() - before

    until(lambda: mesh.json("show", run)["status"] not in ("pending", "running"), seconds=120)

    assert mesh.json("show", run)["status"] == "rejected"


def test_what_comes_before_its_table_is_granted_waits_for_that(mesh: Any, gauges: Path, tmp_path: Path) -> None:
    contract, data = tmp_path / "brooks.odcs.yaml", tmp_path / "brooks.csv"
    contract.write_text(CONTRACT.replace("gauges", "brooks"), encoding="utf-8")
    data.write_text("gauge,depth\nA,1\n", encoding="utf-8")
    # Given grants that are made late, as Lake Formation asks for them
    slowly = {"outcome": "late", "seconds": 4, "caller": "datamesh-dev-weather-apply-grants", "resource": "*ledger*"}
    with faults(mesh, slowly, slowly):
        assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"
        # When a file is there as soon as the table is
        [run] = mesh.json("publish", "weather.brooks", str(data))["runs"]

    # Then it was refused the table, and tried again until it was not
    assert (run["status"], run["rows_published"]) == ("published", 1)
    machine = mesh.target.parameters("weather")["publish-state-machine-arn"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{run['run_id']}"
    history = mesh.target.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    failed = [it["taskFailedEventDetails"] for it in history if "taskFailedEventDetails" in it]
    assert any(it["error"] == "Transient" and "Lake Formation" in it["cause"] for it in failed), failed


def test_a_contract_that_went_before_it_was_read_is_rejected(mesh: Any, gauges: Path) -> None:
    bucket = mesh.target.parameters("weather")["landing-bucket"]
    gone = {"bucket": {"name": bucket}, "object": {"key": "contracts/gone.odcs.yaml", "sequencer": "1"}}

    assert invoke(mesh, "datamesh-dev-weather-check-contract", {"detail": gone})["verdict"] == "rejected"


def test_what_the_mesh_knows_is_packed(mesh: Any, gauges: Path) -> None:
    for _ in range(2):
        assert invoke(mesh, "datamesh-dev-pack-knowledge") is not None


@contextmanager
def faults(mesh: Any, *given: dict[str, Any]) -> Iterator[None]:
    """While inside, these happen on the wire; each is still due to a request that has begun inside."""
    standing = state.load(mesh.home)
    assert standing is not None
    with requests.Session() as session:
        session.trust_env = False
        where: dict[str, Any] = {"url": standing.endpoint + PATH, "verify": mesh.target.certificate, "timeout": 30}
        session.put(**where, json=list(given)).raise_for_status()
        try:
            yield
        finally:
            session.delete(**where)


def invoke(mesh: Any, function: str, event: Any = None) -> Any:
    answer = mesh.target.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event or {}))
    said = answer["Payload"].read()
    assert "FunctionError" not in answer, said
    return json.loads(said)
