"""What is wrong with a contract: every finding with its rule, line and fix.

Three layers: the text is YAML; the document is ODCS (`standard.py`); it can be published here (`rules/`).
"""

from __future__ import annotations

from datamesh.contract import standard
from datamesh.contract.finding import Finding
from datamesh.contract.parse import parse_source
from datamesh.contract.rules import (
    access,
    columns,
    enums,
    files,
    lakeformation,
    nested,
    options,
    product,
    quality,
    relations,
    sla,
    team,
    vocabulary,
    writing,
)
from datamesh.contract.rules.subject import Subject
from datamesh.contract.source import UnreadableContract, load, parent

__all__ = ["RULE_SETS", "has_errors", "lint"]

RULE_SETS = (
    product.check,
    columns.check,
    nested.check,
    options.check,
    enums.check,
    files.check,
    relations.check,
    access.check,
    team.check,
    lakeformation.check,
    quality.check,
    sla.check,
    vocabulary.check,
    writing.check,
)


def lint(data: bytes, *, file: str = "") -> list[Finding]:
    """All findings about a contract, in the order of its lines. `file` (a path or an S3 key) is compared by name.

    Where ODCS itself objects to a value, the mesh's rules about that value wait until it is mended.
    """
    try:
        source = load(data)
    except UnreadableContract as error:
        return [Finding(error.rule, "", error.line, "error", error.reason, error.hint)]
    subject = Subject(source, parse_source(source), file)
    findings = list(standard.check(source))
    wrong = [finding.path for finding in findings if finding.severity == "error"]
    explained = {place for path in wrong for place in (path, parent(path))}
    for rules in RULE_SETS:
        findings += (f for f in rules(subject) if f.path not in explained or not f.path)
    return sorted(dict.fromkeys(findings), key=lambda f: (f.line, f.path, f.rule))


def has_errors(findings: list[Finding]) -> bool:
    """True when the contract must not be applied."""
    return any(finding.severity == "error" for finding in findings)
