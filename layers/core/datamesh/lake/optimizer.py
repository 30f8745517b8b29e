"""Glue's table optimizer, which compacts an Iceberg table by itself where Glue offers it."""

from __future__ import annotations

from typing import Any

__all__ = ["ensure_optimizer"]


def ensure_optimizer(glue: Any, database: str, table: str, *, role: str) -> bool:
    """Has Glue compact the table as `role` (an arn) from now on; may be repeated. Whether that is new."""
    where = {"CatalogId": role.split(":")[4], "DatabaseName": database, "TableName": table, "Type": "compaction"}
    try:
        glue.get_table_optimizer(**where)
    except glue.exceptions.EntityNotFoundException:
        glue.create_table_optimizer(**where, TableOptimizerConfiguration={"roleArn": role, "enabled": True})
        return True
    return False
