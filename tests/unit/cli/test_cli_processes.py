"""Background processes: started once, found again, surely ended."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.processes import Service, alive, await_healthy, free_ports, start, stop
from datamesh.errors import InfrastructureError

NAME = "server"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop(NAME, tmp_path)


def web_server(home: Path) -> Service:
    [port] = free_ports(None)
    code = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(home)]
    return Service(NAME, code, dict(os.environ), f"http://127.0.0.1:{port}/")


def script(code: str) -> Service:
    return Service(NAME, [sys.executable, "-c", code], dict(os.environ), "http://127.0.0.1:9/")


def until(true: object, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not true() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.02)
    assert true()  # type: ignore[operator]


def test_a_service_runs_until_it_is_stopped(home: Path) -> None:
    service = web_server(home)

    start(service, home)
    await_healthy(service, home)
    pid = alive(NAME, home)

    assert pid is not None
    assert stop(NAME, home)
    assert alive(NAME, home) is None
    assert not _runs(pid)


def test_starting_twice_starts_once(home: Path) -> None:
    service = web_server(home)
    start(service, home)
    first = alive(NAME, home)

    start(service, home)

    assert alive(NAME, home) == first


def test_a_killed_service_is_known_to_be_dead_and_starts_again(home: Path) -> None:
    service = web_server(home)
    start(service, home)
    pid = alive(NAME, home)
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    until(lambda: alive(NAME, home) is None)

    start(service, home)
    assert alive(NAME, home) not in {None, pid}


def test_a_pid_that_belongs_to_another_process_is_not_touched(home: Path) -> None:
    (home / "run").mkdir()
    (home / "run" / f"{NAME}.pid").write_text(str(os.getpid()), encoding="utf-8")

    assert alive(NAME, home) is None
    assert not stop(NAME, home)  # or this test would not live to see it


def test_what_a_service_started_ends_with_it_even_if_it_will_not_listen(home: Path) -> None:
    note = home / "child.pid"
    start(
        script(
            "import signal, subprocess, sys, time, pathlib\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
            "time.sleep(60)\n"
        ),
        home,
    )
    until(lambda: note.exists() and note.read_text())
    child = int(note.read_text())

    assert stop(NAME, home)

    assert alive(NAME, home) is None
    until(lambda: not _runs(child))


def test_a_service_that_ends_at_once_is_an_error_with_its_last_words(home: Path) -> None:
    service = script("raise SystemExit('port 80 is taken')")
    start(service, home)

    with pytest.raises(InfrastructureError, match="port 80 is taken") as failure:
        await_healthy(service, home)

    assert str(home / "logs") in failure.value.hint


def test_a_service_that_never_answers_is_given_up(home: Path) -> None:
    service = script("import time; time.sleep(60)")
    start(service, home)

    with pytest.raises(InfrastructureError, match="did not start"):
        await_healthy(service, home, within=0.2)


def test_a_port_is_taken_again_only_while_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        assert free_ports(busy)[0] != busy
    [free] = free_ports(None)
    assert free_ports(free) == (free,)


def test_ports_found_together_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a system that gives the lowest port that nobody holds
    held: set[int] = set()

    class Probe(socket.socket):
        def bind(self, address: tuple[str, int]) -> None:  # type: ignore[override]
            self.port = min({1, 2} - held)
            held.add(self.port)

        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", self.port

        def close(self) -> None:
            held.discard(self.port)
            super().close()

    monkeypatch.setattr(socket, "socket", Probe)
    # Then what is looked for at once is held at once
    assert free_ports(None, None) == (1, 2)
    assert not held


def _runs(pid: int) -> bool:
    """Whether a process that is not ours to wait for still runs; one that is dead and not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
