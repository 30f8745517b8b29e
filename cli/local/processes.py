"""Background processes that outlive the command that started them, and are surely ended by another.

A process holds a lock on its pid file as long as it lives. So whether it runs is never guessed from a number that the
system may have given to another process since, and a killed one needs no cleaning up.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, build_opener

from datamesh.errors import InfrastructureError

__all__ = ["Service", "alive", "await_healthy", "free_ports", "start", "stop"]

_GRACE = 1.0  # seconds between asking and killing
_OURS: dict[int, subprocess.Popen[bytes]] = {}  # what this very process started, to be collected when it ends


@dataclass(frozen=True)
class Service:
    """A server to run in the background. `health` is a URL that answers 200 when it is ready, under `certificate`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    health: str
    certificate: Path | None = None


def free_ports(*preferred: int | None) -> tuple[int, ...]:
    """As many ports of this machine, all different, that nobody listens on; each the `preferred` one when it is one."""
    with ExitStack() as stack:  # each is held until all are found: the system may give a port twice that was let go
        return tuple(stack.enter_context(_free(port)) for port in preferred)


@contextmanager
def _free(preferred: int | None) -> Iterator[int]:
    for port in (preferred or 0, 0):
        with closing(socket.socket()) as probe:
            # Or the port of a server that was killed is busy for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            yield int(probe.getsockname()[1])
            return
    raise InfrastructureError("no free port on this machine")


def start(service: Service, home: Path) -> None:
    """Starts `service` in a session of its own, its output in `home`/logs. Does nothing while it runs already."""
    with closing(_open(_pid_file(service.name, home))) as lock:
        try:
            fcntl.flock(lock.fileno, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        log = _log_file(service.name, home)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (our own command)
                service.command,
                env=dict(service.environment),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(lock.fileno,),
                start_new_session=True,
            )
        _OURS[process.pid] = process
        os.ftruncate(lock.fileno, 0)
        os.pwrite(lock.fileno, str(process.pid).encode(), 0)


def alive(name: str, home: Path) -> int | None:
    """The pid of the running service `name`, or None."""
    _collect()
    path = _pid_file(name, home)
    if not path.exists():
        return None
    with closing(_open(path)) as lock:
        try:
            fcntl.flock(lock.fileno, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(lock.fileno, 20, 0) or 0) or None
    return None


def await_healthy(service: Service, home: Path, *, within: float = 60.0) -> None:
    """Returns when `service` answers. Raises InfrastructureError when it ends first, or takes too long."""
    tls = [HTTPSHandler(context=ssl.create_default_context(cafile=service.certificate))] if service.certificate else []
    opener = build_opener(ProxyHandler({}), *tls)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if _answers(opener, service.health):
            return
        if alive(service.name, home) is None:
            break
        time.sleep(0.05)
    said = _last_line(_log_file(service.name, home))
    raise InfrastructureError(
        f"{service.name} did not start: {said}", hint=f"see {_log_file(service.name, home)}, then try again"
    )


def stop(name: str, home: Path) -> bool:
    """Ends service `name` and every process it started. False when it was not running."""
    pid = alive(name, home)
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        while alive(name, home) == pid and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)  # what is left of its group: workers, and itself when it would not listen
    while alive(name, home) == pid:
        time.sleep(0.02)
    if pid in _OURS:
        _OURS.pop(pid).wait()
    return True


def _collect() -> None:
    """Takes note of what has ended of our own, or it would stay in the system's list of processes."""
    for pid, process in list(_OURS.items()):
        if process.poll() is not None:
            del _OURS[pid]


@dataclass(frozen=True)
class _File:
    fileno: int

    def close(self) -> None:
        os.close(self.fileno)


def _open(path: Path) -> _File:
    path.parent.mkdir(parents=True, exist_ok=True)
    return _File(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _pid_file(name: str, home: Path) -> Path:
    return home / "run" / f"{name}.pid"


def _log_file(name: str, home: Path) -> Path:
    return home / "logs" / f"{name}.log"


def _answers(opener: OpenerDirector, url: str) -> bool:
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
