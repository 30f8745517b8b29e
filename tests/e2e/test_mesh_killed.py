"""The local AWS is killed, and `mesh up` brings a whole mesh again. Runs after all that needs the mesh as it was."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from cli.local import processes
from cli.local.services import AWS


def test_a_killed_mesh_is_known_to_be_dead_and_comes_up_again(mesh: Any, files: dict[str, Path]) -> None:
    before = mesh.json("status")

    os.kill(before["processes"][AWS], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while processes.alive(AWS, mesh.home) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not mesh.json("status")["running"]
    assert "mesh up" in mesh.json("products", code=2)["hint"]

    after = mesh.json("up")
    assert after["deployed"]
    assert after["endpoint"] == before["endpoint"]  # ports are remembered
    [run] = mesh.json("publish", "network.airlines", str(files["network.airlines"]))["runs"]
    assert (run["status"], run["rows_published"]) == ("published", 16)


def test_down_leaves_nothing_behind(mesh: Any) -> None:
    assert mesh.json("down") == {"ended": True}
    assert not mesh.json("status")["running"]
    assert mesh.json("down") == {"ended": False}
    assert not list((mesh.home / "tmp").glob("*"))
