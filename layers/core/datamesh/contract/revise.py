"""A contract's text with another version and status in it, every other byte left as it was."""

from __future__ import annotations

import re
from dataclasses import replace

from datamesh.contract.model import Version
from datamesh.contract.parse import parse_source
from datamesh.contract.source import Source, load
from datamesh.errors import ContractError

__all__ = ["revised"]

_LINE = r"(?P<before>[\"']?{field}[\"']?\s*:\s+)(?P<quote>[\"']?)(?P<value>[^\s\"'#]+)(?P=quote)(?P<after>\s*(#.*)?)"


def revised(data: bytes, *, version: Version, status: str) -> bytes:
    """Raises ContractError where the two do not stand on lines of their own: that is for its owner to write."""
    source = load(data)
    lines = data.decode("utf-8-sig").splitlines(keepends=True)
    for field, value in (("version", str(version)), ("status", status)):
        _put(lines, source, field, value)
    text = ("\ufeff" if data.startswith(b"\xef\xbb\xbf") else "") + "".join(lines)
    wanted = replace(parse_source(source), version=version, status=status)
    if parse_source(load(text.encode())) != wanted:
        raise _by_hand("version")
    return text.encode()


def _put(lines: list[str], source: Source, field: str, value: str) -> None:
    number = source.line(field) - 1
    body = lines[number].rstrip("\r\n")
    found = re.fullmatch(_LINE.format(field=field), body)
    if found is None:
        raise _by_hand(field)
    ending = lines[number][len(body) :]
    lines[number] = f"{found['before']}{found['quote']}{value}{found['quote']}{found['after']}{ending}"


def _by_hand(field: str) -> ContractError:
    return ContractError(f"`{field}` does not stand on a line of its own", hint="edit the contract and push it")
