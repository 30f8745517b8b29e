"""What the local mesh remembers between commands: `state.json` in its home directory, `.mesh` by default."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from datamesh.errors import UserError

__all__ = ["STAGE", "State", "default_home", "forget", "load", "project_root", "save", "sole_user"]

STAGE = "dev"


class State(BaseModel):
    """Where the local mesh listens, and what is deployed in it: `deployed` is its digest, "" before that is done."""

    model_config = ConfigDict(frozen=True)

    aws_port: int
    lakeformation_port: int
    stage: str = STAGE
    region: str = "us-east-1"
    account: str = "111122223333"  # AWS's own example; as an access key it is the root user of that account
    deployed: str = ""

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.aws_port}"

    @property
    def lakeformation_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.lakeformation_port}"


def project_root(start: Path | None = None) -> Path:
    """The clone that `start` (the working directory) lies in, or else the one that this code lies in."""
    here = (start or Path.cwd()).resolve()
    ours = Path(__file__).resolve().parents[2]
    return next((place for place in (here, *here.parents) if (place / "platform.yaml").is_file()), ours)


def default_home() -> Path:
    return project_root() / ".mesh"


def load(home: Path) -> State | None:
    """The remembered state, or None where no mesh was started. Raises UserError when the file is not ours."""
    try:
        return State.model_validate_json(_file(home).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as broken:
        raise UserError(f"{_file(home)} cannot be read", hint="remove it, then `mesh up`") from broken


def save(state: State, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    draft = _file(home).with_suffix(".tmp")
    draft.write_text(state.model_dump_json(indent=2), encoding="utf-8")
    draft.replace(_file(home))


def forget(home: Path) -> None:
    _file(home).unlink(missing_ok=True)


@contextmanager
def sole_user(home: Path) -> Iterator[None]:
    """Waits until no other command starts or ends this home's mesh, and keeps others waiting meanwhile."""
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _file(home: Path) -> Path:
    return home / "state.json"
