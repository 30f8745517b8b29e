"""Bad input: a clear error, an event, and the file stays where it was."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.demo import scenes
from cli.screen import Screen
from tests.support.contracts import STOPS

AIRLINES = "network.airlines"


def counted(mesh: Any, before: Mapping[str, int], kind: str) -> None:
    """Waits until one more event of `kind` is in the journal."""
    _, missing = scenes.count_events(mesh.target, Screen(), {kind: before.get(kind, 0) + 1})
    assert missing == []


def test_an_unknown_product_names_those_that_are_near(mesh: Any, tmp_path: Path) -> None:
    file = tmp_path / "airlines.csv"
    file.write_text("carrier,name\nXX,Nowhere Air\n", encoding="utf-8")

    refused = mesh.json("publish", "network.airline", str(file), code=2)

    assert "network.airline" in refused["error"]
    assert "network.airlines" in refused["hint"]


def test_a_file_that_is_not_there_is_not_sent(mesh: Any) -> None:
    assert "cannot be read" in mesh.json("publish", AIRLINES, "nowhere.csv", code=2)["error"]


BAD_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("empty.csv", lambda: b""),
    "header only of another table": ("planes.csv", lambda: b"tailnum,year,type\nN1,1999,glider\n"),
    "a column is missing": ("short.csv", lambda: b"carrier\nXX\n"),
    "binary": ("noise.csv", lambda: bytes(range(256)) * 40),
    "not what its name says": ("airlines.parquet", lambda: b"carrier,name\nXX,Nowhere Air\n"),
    "compressed without saying so": ("zipped.csv", lambda: gzip.compress(b"carrier,name\nXX,Nowhere Air\n" * 100)),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_its_product_is_rejected_whole(mesh: Any, tmp_path: Path, case: str) -> None:
    name, content = BAD_FILES[case]
    file = tmp_path / name
    file.write_bytes(content())
    before = mesh.events()

    [run] = mesh.json("publish", AIRLINES, str(file), code=2)["runs"]

    assert run["status"] == "rejected"
    assert run["reasons"]
    assert run["rows_published"] == 0
    assert run["snapshot_id"] is None
    counted(mesh, before, "BatchRejected")
    bucket = mesh.target.parameters("network")["landing-bucket"]
    kept = mesh.target.client("s3").get_object(Bucket=bucket, Key=f"airlines/{name}")["Body"].read()
    assert kept == file.read_bytes()
    shown = mesh.json("show", run["run_id"])
    assert shown["status"] == "rejected"


def test_a_stray_file_is_left_where_it_is_and_told(mesh: Any) -> None:
    before = mesh.events()
    bucket = mesh.target.parameters("network")["landing-bucket"]

    mesh.target.client("s3").put_object(Bucket=bucket, Key="nobody/knows.csv", Body=b"a,b\n1,2\n")

    counted(mesh, before, "ArrivalRejected")


def test_a_contract_that_is_no_yaml_says_which_line(mesh: Any, tmp_path: Path) -> None:
    file = tmp_path / "broken.odcs.yaml"
    file.write_text("kind: DataContract\nschema: [\n", encoding="utf-8")

    assert "line" in mesh.json("contract", "push", str(file), code=2)["error"]
    assert mesh.json("contract", "lint", str(file), code=2)["findings"][0]["rule"] == "yaml"


def test_a_contract_that_is_no_yaml_and_was_put_all_the_same_is_told(mesh: Any) -> None:
    before = mesh.events()
    bucket = mesh.target.parameters("network")["landing-bucket"]

    mesh.target.client("s3").put_object(Bucket=bucket, Key="contracts/broken.odcs.yaml", Body=b"schema: [\n")

    counted(mesh, before, "ContractRejected")


def test_a_contract_that_breaks_the_standard_is_rejected_with_findings(mesh: Any, tmp_path: Path) -> None:
    file = tmp_path / "stops.odcs.yaml"
    wrong = STOPS.replace("domain: transit", "domain: network").replace("logicalType: string", "logicalType: text", 1)
    file.write_text(wrong, encoding="utf-8")
    before = mesh.events()

    rejected = mesh.json("contract", "push", str(file), code=2)

    assert rejected["outcome"] == "rejected"
    assert all(found["rule"] and found["line"] for found in rejected["findings"])
    counted(mesh, before, "ContractRejected")
    assert "network.stops" not in mesh.json("status")["products"]


def test_a_contract_of_a_domain_that_is_not_here_goes_nowhere(mesh: Any, tmp_path: Path) -> None:
    file = tmp_path / "stops.odcs.yaml"
    file.write_text(STOPS, encoding="utf-8")

    assert "no domain transit" in mesh.json("contract", "push", str(file), code=2)["error"]


def test_a_new_product_is_published_as_soon_as_its_contract_is_in_force(mesh: Any, tmp_path: Path) -> None:
    contract = tmp_path / "gates.odcs.yaml"
    contract.write_text(GATES, encoding="utf-8")
    data = tmp_path / "gates.csv"
    data.write_text("gate,terminal\nA1,1\nA2,2\n,3\nA4,four\n", encoding="utf-8")

    tried = mesh.json("contract", "test", str(contract), str(data), code=4)
    assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"
    [run] = mesh.json("publish", "network.gates", str(data), code=4)["runs"]

    assert (run["status"], run["rows_in"], run["rows_published"], run["rows_quarantined"]) == ("partial", 4, 2, 2)
    assert (tried["rows_in"], tried["rows_published"], tried["rows_quarantined"]) == (4, 2, 2)
    [again] = mesh.json("publish", "network.gates", str(data))["runs"]
    assert again["status"] == "unchanged"
    [forced] = mesh.json("publish", "network.gates", str(data), "--again", code=4)["runs"]
    assert forced["run_id"] != run["run_id"]
    assert forced["rows_in"] == 4


GATES = """\
apiVersion: v3.2.0
kind: DataContract
id: network-gates
version: 1.0.0
status: active
domain: network
dataProduct: gates
schema:
  - name: gates
    physicalType: table
    properties:
      - name: gate
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: terminal
        logicalType: integer
roles:
  - role: analyst
    access: read
    customProperties:
      - property: datamesh.principals
        value: [role/datamesh-dev-analyst]
"""
