"""JSON that is not one object a line: an array of them, or objects over several lines. Made JSON lines."""

from __future__ import annotations

from pathlib import Path

from datamesh.engine.duck import BEYOND, EngineError, connect, literal, one
from datamesh.publish.job import Engine
from datamesh.publish.unpacking import Refused

__all__ = ["as_lines"]


def as_lines(source: Path, to: Path, *, engine: Engine) -> Path:
    """Writes each object, or element of the array, as a line, unchanged but for its line ends. Raises Refused."""
    with source.open("rb") as file:
        form = "array" if file.read(2**12).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[") else "unstructured"
    # Between JSON's tokens a line end is a blank, and inside of a text there is none.
    line = "replace(replace(json, chr(10), ' '), chr(13), ' ')"
    read = f"read_json_objects({literal(str(source))}, format = {literal(form)})"
    try:
        with connect(
            memory_mb=engine.memory_mb,
            threads=engine.threads,
            temp=to.parent / "spill",
            directories=[source.parent, to.parent],
            ordered=True,
            seconds=engine.seconds,
        ) as con:
            (rows,) = one(
                con,
                f"COPY (SELECT {line} FROM {read}) TO {literal(str(to))}"
                " (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')",
            )
    except EngineError as error:
        raise Refused(BEYOND.get(type(error), "unreadable")) from error
    if not rows:
        raise Refused("empty-file")
    return to
