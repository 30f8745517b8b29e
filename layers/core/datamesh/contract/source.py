"""A contract's text as plain data that still knows its lines.

The bytes are the record; what is read here is a view. Scalars follow YAML 1.2, except that dates and times stay the
text they were: ODCS wants strings there, and a contract is compared by what its owner wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from datamesh.errors import ContractError

__all__ = ["MAX_BYTES", "MAX_VALUES", "Real", "Source", "UnreadableContract", "load", "parent"]

MAX_BYTES = 2_000_000
MAX_VALUES = 200_000  # values after aliases are followed: a bomb of a few hundred bytes has billions
_MAX_DEPTH = 60
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_YAML = "tag:yaml.org,2002:"
_PLAIN = ("map", "seq", "str", "timestamp")  # a timestamp stays its text
_SCALARS = ("null", "bool", "int", "float")


class UnreadableContract(ContractError):
    """Raised when the text is no YAML mapping; `line` counts from 1, and `rule` is the finding's."""

    def __init__(self, message: str, *, line: int = 1, hint: str, rule: str = "yaml") -> None:
        super().__init__(f"line {line}: {message}", hint=hint)
        self.reason = message
        self.line = line
        self.rule = rule


class Real(float):
    """A number with a fraction that remembers its digits: those of a decimal's bound are more than a float has."""

    def __new__(cls, written: str) -> Real:
        value = super().__new__(cls, written)
        value._written = written
        return value

    def __repr__(self) -> str:
        return self._written

    _written: str


@dataclass(frozen=True)
class Source:
    """The contract's data and, by path (`schema[0].properties[3].logicalType`), the line each value begins on."""

    data: dict[str, Any]
    lines: dict[str, int]

    def line(self, path: str) -> int:
        """The line of `path`, or of its nearest ancestor that was written; 1 for the document."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = parent(path)
        return 1

    def get(self, path: str) -> Any:
        """The value at `path`, or None."""
        value: Any = self.data
        for name, index in _STEP.findall(path):
            if index and isinstance(value, list) and int(index) < len(value):
                value = value[int(index)]
            elif name and isinstance(value, dict):
                value = value.get(name)
            else:
                return None
        return value


def parent(path: str) -> str:
    """The path of what holds the value at `path`."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def load(data: bytes | str) -> Source:
    """Reads a contract's text. Raises UnreadableContract, with a line and a hint, when it is not one YAML mapping."""
    text = _decode(data)
    root = _compose(text)
    if not isinstance(root, MappingNode):
        raise UnreadableContract(
            "the document is not a mapping",
            line=root.start_mark.line + 1 if root else 1,
            hint="a contract begins with `apiVersion: v3.2.0` and `kind: DataContract`",
        )
    builder = _Builder()
    value = builder.build(root, "", 0)
    return Source(value, builder.lines)


def _decode(data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        raise UnreadableContract(f"larger than {MAX_BYTES:,} bytes", hint="a contract is text; data goes to files")
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableContract(
            "not UTF-8 text", line=data.count(b"\n", 0, error.start) + 1, hint="save the file as UTF-8"
        ) from error


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UnreadableContract(str(error.problem or error.context), line=line, hint=_hint(text, line)) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise UnreadableContract("not readable as YAML", hint="check indentation and quotes") from error
    return node


def _hint(text: str, line: int) -> str:
    lines = text.splitlines()
    near = lines[max(line - 2, 0) : line]
    if any(re.match(r" *\t", candidate) for candidate in near):
        return "indent with spaces, not tabs"
    return "check indentation, quotes and colons on this line and the one before"


class _Builder:
    """Values from nodes, with a line for each path. Follows aliases, within bounds."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._values = 0
        self._scalar = YAML(typ="safe", pure=True).constructor

    def build(self, node: Node, path: str, depth: int) -> Any:
        self._values += 1
        line = node.start_mark.line + 1
        if self._values > MAX_VALUES:
            raise UnreadableContract("too many values", line=line, hint="use aliases sparingly", rule="yaml.aliases")
        if depth > _MAX_DEPTH:
            raise UnreadableContract("nested too deeply", line=line, hint="an alias may contain itself")
        if str(node.tag).removeprefix(_YAML) not in _PLAIN + _SCALARS:
            raise UnreadableContract(f"the tag `{node.tag}` is not read", line=line, hint="remove the tag")
        self.lines.setdefault(path, line)
        if isinstance(node, MappingNode):
            return {key: self.build(value, _join(path, key), depth + 1) for key, value in self._pairs(node, path)}
        if isinstance(node, SequenceNode):
            return [self.build(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
        return self._text_or_number(node)

    def _pairs(self, node: MappingNode, path: str) -> Iterator[tuple[str, Node]]:
        seen: dict[str, int] = {}
        merged: list[MappingNode] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise UnreadableContract("a key must be text", line=line, hint="write the key as a word")
            key = _writable(str(key_node.value), line)
            if str(key_node.tag).endswith(":merge"):
                merged += _mappings(value_node, line)
                continue
            if key in seen:
                raise UnreadableContract(
                    f"the key `{key}` stands twice, first on line {seen[key]}",
                    line=line,
                    hint="remove one of the two",
                    rule="yaml.duplicate-key",
                )
            seen[key] = line
            self.lines[_join(path, key)] = line
            yield key, value_node
        for mapping in merged:
            for key, value_node in self._pairs(mapping, path):
                if key not in seen:
                    seen[key] = mapping.start_mark.line + 1
                    yield key, value_node

    def _text_or_number(self, node: Node) -> Any:
        kind, line = str(node.tag).removeprefix(_YAML), node.start_mark.line + 1
        if kind not in _SCALARS:
            return _writable(str(node.value), line)
        try:
            value = getattr(self._scalar, f"construct_yaml_{kind}")(node)
            return Real(str(node.value)) if kind == "float" and isfinite(value) else value
        except (ValueError, KeyError) as error:
            raise UnreadableContract(f"`{node.value}` is no {kind}", line=line, hint="put it in quotes") from error


def _writable(value: str, line: int) -> str:
    """Text that can be written again: an escaped half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        hint = "write the character itself"
        raise UnreadableContract("an escape that is no character", line=line, hint=hint) from error
    return value


def _mappings(node: Node, line: int) -> list[MappingNode]:
    nodes = node.value if isinstance(node, SequenceNode) else [node]
    if not all(isinstance(n, MappingNode) for n in nodes):
        raise UnreadableContract("`<<` merges mappings only", line=line, hint="merge an alias of a mapping")
    return list(nodes)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
