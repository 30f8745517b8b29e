"""PyIceberg 0.12 reads an array of objects that is NULL as an empty one, and so a map of objects: here they stay NULL.

The files and the table are right, other engines read them so. PyIceberg builds such a list anew around its values to
bring them into the table's shape, and leaves out which of the lists are NULL. Its own class is replaced by one that
puts that back; once PyIceberg does so itself, `tests/integration/test_nested_columns.py` passes without this module.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io import pyarrow as reading
from pyiceberg.types import ListType, MapType

__all__ = ["keep_nulls"]


class _KeepingNulls(reading.ArrowProjectionVisitor):
    def list(self, list_type: ListType, list_array: Any, value_array: Any) -> Any:
        return _as_before(list_array, super().list(list_type, list_array, value_array))

    def map(self, map_type: MapType, map_array: Any, key_result: Any, value_result: Any) -> Any:
        return _as_before(map_array, super().map(map_type, map_array, key_result, value_result))


def _as_before(before: Any, after: Any) -> Any:
    """`after`, NULL wherever `before` was."""
    if after is None or before is None or after.null_count == before.null_count:
        return after
    return pc.if_else(before.is_valid(), after, pa.scalar(None, after.type))


def keep_nulls() -> None:
    """May be called again: there is one such class."""
    setattr(reading, "ArrowProjectionVisitor", _KeepingNulls)  # noqa: B010
