"""At the end of all that happens to the mesh: what IAM let each role do is what policies are held against.

The recording, `tests/infra/permissions.json`, is made by `make permissions`.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import requests

from cli.local import deploy, state
from cli.local.permissions import PATH
from tests.support import permissions
from tests.support.permissions import Used
from tests.support.templates import ROOT


def made_calls(mesh: Any) -> set[Used]:
    """Every call of a role of ours that IAM has let through since the mesh came up."""
    standing = state.load(mesh.home)
    assert standing is not None
    with requests.Session() as session:
        session.trust_env = False
        told = session.get(standing.endpoint + PATH, verify=mesh.target.certificate, timeout=30).json()
    stacks = deploy.stacks(ROOT)
    described = mesh.target.client("cloudformation")
    roles = {
        it["PhysicalResourceId"]: (stack.template, it["LogicalResourceId"])
        for stack in stacks
        for it in described.describe_stack_resources(StackName=stack.name)["StackResources"]
        if it["ResourceType"] == "AWS::IAM::Role"
    }
    domains = [stack.environment for stack in stacks if stack.template == "template.yaml"]
    return {used for call in told if (used := permissions.named(tuple(call), roles, domains))}


@pytest.fixture
def was_all_run(request: pytest.FixtureRequest) -> bool:
    """Whether the session runs all tests on the mesh, so that all was done that is to be done."""
    chosen = {item.path for item in request.session.items}
    options = request.config.option
    return not (options.keyword or options.markexpr) and set(ROOT.glob("tests/e2e/test_*.py")) <= chosen


def test_each_statement_is_needed_but_what_a_laptop_cannot_show(mesh: Any, was_all_run: bool) -> None:
    done = made_calls(mesh)
    if os.environ.get("DATAMESH_RECORD_PERMISSIONS"):
        assert was_all_run
        permissions.save(done, keeping=permissions.load())

    now, recorded = needed(done), needed(permissions.load())

    assert now <= recorded, "`make permissions` records what is done now"
    wanted = {str(statement) for statement in permissions.every() if permissions.seen_each_time(statement)}
    assert not was_all_run or wanted <= now, "nothing needs these any more"


def needed(calls: set[Used]) -> set[str]:
    seen = [statement for statement in permissions.every() if permissions.seen_here(statement)]
    return {str(statement) for statement in seen if permissions.needed(statement, calls)}
