"""Files read as publishing would read them, for a look: what is staged so is thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datamesh.contract.model import Table
from datamesh.errors import UnreadableInput
from datamesh.publish.job import Engine
from datamesh.publish.opening import Opened, open_file
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import Staged, stage

__all__ = ["opened", "set_aside"]

_BATCH = "aside"  # rows tell their batch, and these are of none


def opened(file: Path, table: Table, work: Path, engine: Engine) -> Opened:
    """The file as publishing opens it. Raises UnreadableInput where it would be refused."""
    found = open_file(LocalFile(file, file.name), table, work, engine=engine)
    if found.reasons:
        why = ", ".join(dict.fromkeys(reason.rule for reason in found.reasons))
        raise UnreadableInput(f"{file} cannot be read: {why}", hint="mend the file")
    return found


def set_aside(table: Table, files: Sequence[Path], product: str, work: Path, engine: Engine) -> Staged:
    """The rows of the files, staged under `work`. Raises UnreadableInput for a file that publishing would refuse."""
    (work / "rows").mkdir(parents=True)
    found = [opened(file, table, work / f"opened-{number}", engine) for number, file in enumerate(files)]
    parts = [part for each in found for part in each.parts]
    staged = stage(table, parts, product=product, batch_id=_BATCH, work=work / "rows", engine=engine)
    if staged.unreadable:
        raise UnreadableInput(f"{', '.join(staged.unreadable)}: not readable to the end", hint="mend the file")
    return staged
