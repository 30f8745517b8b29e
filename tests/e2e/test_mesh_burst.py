"""A burst of small files: few batches, a Distributed Map, every row accounted for; then its table is maintained."""

from __future__ import annotations

from typing import Any

import pytest

from bench.burst import READINGS, Burst, begin, burst
from cli.screen import Screen
from datamesh.publish.slices import SLICE_OBJECTS

FILES = SLICE_OBJECTS + 50


@pytest.fixture(scope="module")
def done(mesh: Any) -> Burst:
    return burst(begin(mesh.home, Screen()), Screen(), FILES)


def states(mesh: Any, arn: str) -> list[str]:
    history = mesh.target.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in history for event in page["events"]]
    return [event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("StateEntered")]


def test_a_burst_is_few_batches_and_every_row_is_accounted_for(done: Burst) -> None:
    assert done.accounted, done
    assert done.commits == done.executions == done.batches <= 4, done


def test_a_large_batch_is_worked_on_by_a_distributed_map_and_a_small_one_is_not(mesh: Any, done: Burst) -> None:
    runs = mesh.json("runs", str(READINGS))["runs"]
    machine = mesh.target.parameters(READINGS.domain)["publish-state-machine-arn"].replace(
        ":stateMachine:", ":execution:"
    )
    spread = {}
    for run in runs:
        arn = f"{machine}:{run['run_id']}"
        maps = mesh.target.client("stepfunctions").list_map_runs(executionArn=arn)["mapRuns"]
        shown = mesh.json("show", run["run_id"])
        files = shown["files"]
        spread[files > SLICE_OBJECTS] = len(maps)
        if files <= SLICE_OBJECTS:
            slices = sum(step["name"] == "transform_batch" for step in shown["steps"])  # a state each, within the Map
            assert 1 + len(states(mesh, arn)) + slices <= 8, "billed: the start, and each state that is entered"
    assert spread in ({True: 1, False: 0}, {True: 1})


def test_a_table_is_maintained_and_holds_the_same_rows(mesh: Any, done: Burst) -> None:
    [said] = mesh.json("maintain", str(READINGS), "--dry-run")["tables"]
    [did] = mesh.json("maintain", str(READINGS))["tables"]

    assert (said["files_rewritten"], said["files_written"]) == (did["files_rewritten"], did["files_written"])
    assert did["files_written"] == (1 if done.data_files >= 3 else 0)
    assert did["conflicts"] == did["snapshots_expired"] == did["files_removed"] == 0, "nothing is old"
    assert mesh.json("sql", f"SELECT COUNT(*) FROM {READINGS}")["rows"] == [[done.rows_published]]
