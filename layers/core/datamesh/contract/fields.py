"""Fields of a contract's raw data, read as what they should be: a value of the wrong kind reads as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["flag", "mapping", "mappings", "number_or", "text", "texts"]


def text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, bool | list | dict) else str(value)


def texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def flag(raw: Mapping[str, Any], key: str) -> bool:
    return raw.get(key) is True


def mapping(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def mappings(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings of a list. What is no mapping reads as an empty one, so that indexes stay those of the file."""
    value = raw.get(key)
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def number_or(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
