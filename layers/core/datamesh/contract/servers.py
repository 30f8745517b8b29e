"""How the files of a table are written, by what says it: the schema object before the server, our word before ODCS's.

    datamesh.input of the schema object
    datamesh.input of the server
    format and delimiter of the server, which are ODCS's

Of several servers the first one that says anything of it counts; the others are where the data is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from datamesh.contract.custom import read
from datamesh.contract.fields import mappings, text
from datamesh.contract.intake import FileFormat
from datamesh.contract.vocabulary import InputProperties, ServerProperties

__all__ = ["FORMATS", "by_server", "input_of", "said"]

FORMATS: tuple[str, ...] = get_args(FileFormat)
_JSON = {"new_line": "jsonl", "array": "json"}  # what ODCS's delimiter says, between documents
_LONGEST_DELIMITER = 4


def input_of(servers: Sequence[Mapping[str, Any]], ours: InputProperties) -> InputProperties:
    """What counts: `ours`, the schema object's, and of the servers what it leaves open."""
    theirs: dict[str, Any] = next((found for server in servers if (found := by_server(server))), {})
    return InputProperties.model_validate({**theirs, **said(ours)})


def by_server(server: Mapping[str, Any]) -> dict[str, Any]:
    """What one server says, by the names of `datamesh.input`."""
    ours, _ = read(ServerProperties, mappings(server, "customProperties"))
    return {**_standard(server), **said(ours.input)}


def said(ours: InputProperties) -> dict[str, Any]:
    """What is written there, not what follows from its being left out."""
    return ours.model_dump(by_alias=True, exclude_unset=True)


def _standard(server: Mapping[str, Any]) -> dict[str, Any]:
    form, delimiter = text(server, "format").lower(), text(server, "delimiter")
    if form == "json":
        return {"format": _JSON.get(delimiter, "json")}
    found = {"format": form} if form in FORMATS else {}
    if form in ("csv", "tsv") and 0 < len(delimiter) <= _LONGEST_DELIMITER:
        found["delimiter"] = delimiter
    return found
