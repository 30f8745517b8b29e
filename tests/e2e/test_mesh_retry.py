"""Infrastructure fails a run: it says so, keeps its files, and runs again when a person asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.landing import Run

AIRLINES = "network.airlines"


def test_a_failed_run_is_run_again_with_the_files_it_has(
    mesh: Any, published: dict[str, Run], files: dict[str, Path]
) -> None:
    file = str(files[AIRLINES])
    with mesh.configured("datamesh-dev-network-transform-batch", LAKE_BUCKET="nobodys-bucket"):
        [failed] = mesh.json("publish", AIRLINES, file, "--again", code=1)["runs"]
        assert failed["status"] == "failed"
        assert failed["reasons"]

    assert mesh.json("show", failed["run_id"])["status"] == "failed"

    again = mesh.json("retry", failed["run_id"])

    assert (again["run_id"], again["status"], again["rows_published"]) == (failed["run_id"], "published", 16)
    shown = mesh.json("show", failed["run_id"])
    assert shown["attempt"] == 2
    assert {step["attempt"] for step in shown["steps"]} >= {2}
    assert mesh.json("sql", "SELECT COUNT(*) FROM network.airlines")["rows"] == [[16]]
