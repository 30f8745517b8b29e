"""The platform's table of requests for access, as its template declares it."""

from __future__ import annotations

from typing import Any

from tests.support.templates import template

__all__ = ["create_access_table"]

_SHAPE = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "BillingMode")


def create_access_table(dynamodb: Any, name: str = "access") -> Any:
    """The table, in the account of `dynamodb`, a resource."""
    declared = template("platform.yaml").resources["AccessTable"]["Properties"]
    return dynamodb.create_table(TableName=name, **{part: declared[part] for part in _SHAPE})
