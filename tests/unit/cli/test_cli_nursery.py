"""A function's process that is forked off: to the emulator and to the function it is one that was started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local import nursery
from cli.local.nursery import Function

pytestmark = pytest.mark.skipif(not nursery.IS_SAFE, reason="processes are forked on Linux only")

SAYS = """
import os, random, sys
print(os.getcwd(), dict(os.environ), sys.argv, sys.path[0], __name__, "duckdb" in sys.modules, flush=True)
print("said aside", file=sys.stderr)
for line in sys.stdin:
    print(random.random() if line == "dice\\n" else line, end="\\n", flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def opened() -> None:
    nursery.open_nursery()


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Function]:
    with begin(tmp_path, SAYS) as begun:
        yield begun


def begin(home: Path, program: str) -> Function:
    path = home / "_worker.py"
    path.write_text(program, encoding="utf-8")
    command = [sys.executable, str(path)]
    return Function(command, cwd=str(home), env={"NAME": "ä"}, stdin=subprocess.PIPE, text=True, bufsize=1)


def test_it_has_its_own_folder_environment_and_streams(function: Function, tmp_path: Path) -> None:
    program = str(tmp_path / "_worker.py")
    said = function.stdout.readline()

    assert said == f"{tmp_path} {{'NAME': 'ä'}} {[program]} {tmp_path} __main__ True\n"
    assert function.stderr.readline() == "said aside\n"
    function.stdin.write("straße\n")
    assert function.stdout.readline() == "straße\n"
    assert os.environ.get("NAME") is None
    assert function.pid != os.getpid()


def test_it_ends_when_nobody_speaks_to_it_any_more(function: Function) -> None:
    assert function.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        function.wait(0.01)
    function.stdin.close()
    assert function.wait(10) == 0
    assert function.poll() == 0
    assert function.stdout.read().count("\n") == 1, "what it said is there to the end, and then no more"


def test_it_ends_when_it_is_told_to(function: Function) -> None:
    function.terminate()
    assert function.wait(10) < 0
    function.kill()  # of one that has ended: nothing happens


def test_what_fails_tells_why(tmp_path: Path) -> None:
    with begin(tmp_path, "import nothing_of_that_name") as failing:
        assert failing.wait(10) == 1
        assert "No module named 'nothing_of_that_name'" in failing.stderr.read()


def test_no_two_have_the_same_luck(tmp_path: Path, function: Function) -> None:
    rolled = []
    with begin(tmp_path, SAYS) as other:
        for one in (function, other):
            one.stdout.readline()
            one.stdin.write("dice\n")
            rolled.append(one.stdout.readline())
    assert rolled[0] != rolled[1]


def test_nothing_of_ours_is_imported_before_the_layers_are_there(tmp_path: Path) -> None:
    asks = "import sys; print([name for name in sys.modules if name.startswith('datamesh')])"
    with begin(tmp_path, asks) as asking:
        assert asking.stdout.readline() == "[]\n"


def test_it_is_opened_however_deep_the_mesh_lies(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    begins = f"""
from tests.unit.cli.test_cli_nursery import begin
from cli.local import nursery
from pathlib import Path
nursery.open_nursery()
with begin(Path({str(deep)!r}), "print('begun')") as begun:
    print(begun.stdout.readline(), end="")
"""
    environment = {**os.environ, "TMPDIR": str(deep), "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", begins], env=environment, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("begun\n", "")
