"""Rows that were kept back are seen, mended and sent through again, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHIPS = """\
apiVersion: v3.2.0
kind: DataContract
id: network-ships
version: {version}
status: active
domain: network
dataProduct: ships
schema:
  - name: ships
    physicalType: table
    customProperties:
      - property: datamesh.input
        value: {{format: csv, delimiter: ";", nullWords: [{null_words}]}}
    properties:
      - {{name: ship, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: berths, logicalType: integer, transformSourceObjects: [Berths]}}
roles:
  - role: analyst
    access: read
    customProperties:
      - property: datamesh.principals
        value: [role/datamesh-dev-analyst]
"""
ROWS = "ship;Berths\nArk;7\nElla;none\nFram;2\nNina;5x\n;4\nOdin;1;2\n"


def push(mesh: Any, tmp_path: Path, version: str, null_words: str) -> None:
    contract = tmp_path / "ships.odcs.yaml"
    contract.write_text(SHIPS.format(version=version, null_words=null_words), encoding="utf-8")
    assert mesh.json("contract", "push", str(contract))["outcome"] == "applied"


def ships(mesh: Any) -> list[list[Any]]:
    rows: list[list[Any]] = mesh.json("sql", "SELECT ship, berths FROM network.ships ORDER BY ship")["rows"]
    return rows


def test_rows_go_from_quarantine_into_the_table_as_contract_and_rows_are_mended(mesh: Any, tmp_path: Path) -> None:
    push(mesh, tmp_path, "1.0.0", "none at all")
    data = tmp_path / "ships.csv"
    data.write_text(ROWS, encoding="utf-8")
    [run] = mesh.json("publish", "network.ships", str(data), code=4)["runs"]
    assert (run["status"], run["rows_published"], run["rows_quarantined"]) == ("partial", 2, 4)

    # They are seen.
    [held] = mesh.json("quarantine", "list", "network.ships")["runs"]
    assert (held["run"], held["rows_quarantined"], held["state"]) == (run["run_id"], 4, "open")
    shown = mesh.json("quarantine", "show", "network.ships", "--rule", "type")["rows"]
    assert [(row["row_number"], row["value"]) for row in shown] == [(2, "none"), (4, "5x")]

    # The contract is mended: a word means nothing. What cannot be read as a row is not forgotten silently.
    push(mesh, tmp_path, "1.1.0", "none")
    refused = mesh.json("quarantine", "replay", "network.ships", run["run_id"], code=2)
    assert "1 lines" in refused["error"]
    [second] = mesh.json("quarantine", "replay", "network.ships", run["run_id"], "--leave-lines", code=4)["runs"]
    assert (second["status"], second["rows_in"], second["rows_published"]) == ("partial", 3, 1)
    assert "went through again" in mesh.json("quarantine", "replay", "network.ships", run["run_id"], code=2)["error"]

    # The rows that are left are mended by hand.
    mended = tmp_path / "mended.csv"
    exported = mesh.json("quarantine", "export", "network.ships", second["run_id"], "--out", str(mended))
    assert exported["rows"] == 2
    mended.write_text(mended.read_text().replace(",Nina,5x", ",Nina,5").replace(",,4", ",Pinta,4"))
    replay = ("quarantine", "replay", "network.ships", second["run_id"], "--with", str(mended))
    [third] = mesh.json(*replay)["runs"]
    assert (third["status"], third["rows_published"]) == ("published", 2)

    assert ships(mesh) == [["Ark", 7], ["Ella", None], ["Fram", 2], ["Nina", 5], ["Pinta", 4]]
    states = {held["run"]: held["state"] for held in mesh.json("quarantine", "list", "network.ships")["runs"]}
    assert states == {run["run_id"]: "replayed: partial", second["run_id"]: "replayed: published"}


def test_a_replay_put_past_the_command_is_refused_too(mesh: Any, tmp_path: Path) -> None:
    [run, *_] = [held for held in mesh.json("quarantine", "list", "network.ships")["runs"] if held["replayed_by"]]
    before = ships(mesh)
    bucket = mesh.target.parameters("network")["landing-bucket"]
    key = f"ships/_replay/{run['run']}/mine.parquet"

    version = mesh.target.client("s3").put_object(Bucket=bucket, Key=key, Body=ROWS.encode())["VersionId"]

    ledger, arrival = mesh.target.ledger("network"), None
    while arrival is None:  # the session's time limit ends this
        arrival = ledger.arrival(bucket, key, version)
    assert (arrival.state, arrival.rule) == ("REJECTED", "replayed-already")
    assert ships(mesh) == before


def test_where_nothing_was_kept_back_it_says_so(mesh: Any) -> None:
    refused = mesh.json("quarantine", "show", "network.airlines", "20130101T000000Z-00000000", code=2)
    assert "no rows in quarantine" in refused["error"]
