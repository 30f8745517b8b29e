"""The contract as a whole: version, domain, product, its one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from datamesh.contract.fields import text
from datamesh.contract.finding import Finding
from datamesh.contract.parse import parse_version
from datamesh.contract.rules.names import NameProblem, domain_problem, name_problem
from datamesh.contract.rules.subject import Subject

__all__ = ["STATUSES", "check"]

STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
_SUFFIXES = (".odcs.yaml", ".odcs.yml")
_VERSIONED = re.compile(r".*_v[0-9]+")
_RESERVED_PRODUCTS = ("contracts",)  # the landing bucket's folder of contracts


def check(subject: Subject) -> Iterator[Finding]:
    yield from _versions(subject)
    yield from _identifier(subject, "domain", subject.contract.domain, domain_problem)
    yield from _product(subject)
    yield from _tables(subject)


def _versions(subject: Subject) -> Iterator[Finding]:
    raw = subject.source.data
    if "version" in raw and parse_version(raw["version"]) is None:
        yield subject.error("version", "version", f"`{raw['version']}` is no version", "write it as 1.0.0")
    if text(raw, "apiVersion").startswith("v2"):
        yield subject.error("odcs.version", "apiVersion", "ODCS v2 has another structure", "use apiVersion: v3.2.0")
    if text(raw, "status").lower() not in STATUSES:
        known = ", ".join(STATUSES)
        yield subject.warning("status", "status", f"the status is none of: {known}", "add `status: active`")


def _identifier(
    subject: Subject, field: str, value: str, problem_of: Callable[[str], NameProblem | None] = name_problem
) -> Iterator[Finding]:
    path = field if field in subject.source.data else ""
    if not value:
        yield subject.error(f"{field}.missing", path, f"`{field}` is missing", f"add `{field}:` at the top")
        return
    problem = problem_of(value)
    if problem:
        yield subject.finding(f"{field}.{problem.kind}", path, problem.severity, problem.message, problem.fix)


def _product(subject: Subject) -> Iterator[Finding]:
    raw, name = subject.source.data, subject.contract.product
    if not text(raw, "dataProduct") and len(subject.contract.tables) != 1:
        name = ""
    yield from _identifier(subject, "dataProduct", name)
    if name in _RESERVED_PRODUCTS:
        yield subject.error("dataProduct.reserved", "dataProduct", f"`{name}` is the folder of contracts", "rename it")
    if _VERSIONED.fullmatch(name):
        at = "dataProduct" if "dataProduct" in raw else ""
        message = f"`{name}` is what a major version of another product is called"
        yield subject.error("dataProduct.reserved", at, message, "leave the `_v` and the number out: `version` says it")
    stem = _stem(subject.file)
    if stem and name and stem != name:
        at = "dataProduct" if "dataProduct" in raw else ""
        yield subject.error(
            "dataProduct.file",
            at,
            f"the file is named for `{stem}`, the product is `{name}`",
            f"name it {name}.odcs.yaml",
        )


def _stem(file: str) -> str:
    name = PurePosixPath(file.replace("\\", "/")).name
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), "")


def _tables(subject: Subject) -> Iterator[Finding]:
    tables = list(subject.tables())
    if len(tables) != 1:
        message = f"a product has one schema object, this contract has {len(tables)}"
        yield subject.error("schema.one-object", "schema", message, "write one contract for each table")
        return
    (only,) = tables
    product = subject.contract.product
    if product and only.table.name and only.table.name != product:
        yield subject.error(
            "schema.name",
            f"{only.path}.name",
            f"the table of product `{product}` is called `{only.table.name}`",
            f"call it `{product}`: people and references use one name",
        )
    if not only.table.columns:
        yield subject.error("schema.no-columns", only.path, "the table has no columns", "add `properties:`")
