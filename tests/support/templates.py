"""The project's SAM templates as plain data, and what names what in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # ships no types

__all__ = ["ROOT", "TEMPLATES", "Function", "Template", "chosen", "listed", "nodes", "statements", "template"]

ROOT = Path(__file__).parents[2]
TEMPLATES = (
    "platform.yaml",
    "template.yaml",
    "accounts/host.yaml",
    "accounts/guest.yaml",
    "examples/key.yaml",
    "examples/people.yaml",
)

_NOTHING = {"Ref": "AWS::NoValue"}
_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")
_STORED = re.compile(r"\{\{resolve:ssm:([^}]*(?:\$\{[^}]*\}[^}]*)*)\}\}")


@dataclass(frozen=True)
class Function:
    """A Lambda function: its name in the template, its directory under functions/, and its properties."""

    name: str
    directory: str
    properties: Mapping[str, Any]

    @property
    def own_environment(self) -> dict[str, Any]:
        variables: dict[str, Any] = self.properties.get("Environment", {}).get("Variables", {})
        return variables

    @property
    def layers(self) -> set[str]:
        """`core` and `engine`, however the template comes by them."""
        return {"engine" if "engine" in str(layer).lower() else "core" for layer in self.properties["Layers"]}


@dataclass(frozen=True)
class Template:
    path: str
    body: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.body["Resources"]
        return found

    def of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return ((name, it) for name, it in self.resources.items() if it["Type"] == kind)

    @property
    def functions(self) -> list[Function]:
        found = self.of_type("AWS::Serverless::Function")
        return [Function(n, Path(r["Properties"]["CodeUri"]).name, r["Properties"]) for n, r in found]

    def environment(self, function: Function) -> Mapping[str, Any]:
        """The variables that `function` gets, those for all functions among them."""
        shared: dict[str, Any] = self.body["Globals"]["Function"]["Environment"]["Variables"]
        return shared | function.own_environment

    def names(self) -> Iterator[str]:
        """Every logical name that Ref, GetAtt, Sub, DependsOn or Condition refers to."""
        for key, value in nodes(self.body):
            if key == "Ref" or (key == "Condition" and isinstance(value, str)):
                yield value
            elif key == "Fn::GetAtt" or key == "Fn::If":
                yield value[0]
            elif key == "DependsOn":
                yield from [value] if isinstance(value, str) else value
            elif key == "Fn::Sub":
                text, own = value if isinstance(value, list) else (value, {})
                yield from (name.split(".")[0] for name in _SUBSTITUTION.findall(text) if name not in own)

    def stored_names_read(self) -> set[str]:
        """Every Parameter Store name that a dynamic reference reads, with its ${...} as written."""
        return {name for _, value in nodes(self.body) if isinstance(value, str) for name in _STORED.findall(value)}

    def stored_names_written(self) -> set[str]:
        return {it["Properties"]["Name"]["Fn::Sub"] for _, it in self.of_type("AWS::SSM::Parameter")}


@cache
def template(path: str) -> Template:
    return Template(path, yaml_parse((ROOT / path).read_text(encoding="utf-8")))


def nodes(body: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Each node below `body` with the key that it stands under; what stands in a list has none."""
    yield key, body
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield from nodes(value, name)
    elif isinstance(body, list):
        for value in body:
            yield from nodes(value)


def chosen(value: Any, conditions: Mapping[str, bool]) -> Any:
    """`value` as it is deployed: of each `Fn::If` the branch that its condition chooses, and no AWS::NoValue."""
    if isinstance(value, Mapping):
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            return chosen(then if conditions[condition] else otherwise, conditions)
        made = {key: chosen(inner, conditions) for key, inner in value.items()}
        return {key: inner for key, inner in made.items() if inner != _NOTHING}
    if isinstance(value, list):
        return [inner for inner in (chosen(it, conditions) for it in value) if inner != _NOTHING]
    return value


def listed(value: Any) -> list[Any]:
    """IAM writes one thing alone and several in a list."""
    return value if isinstance(value, list) else [value]


def statements(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every IAM statement in a resource, those behind a condition too. Trust policies name no resource: left out."""
    for _, node in nodes(resource):
        if isinstance(node, Mapping) and "Effect" in node and "Resource" in node:
            yield node
