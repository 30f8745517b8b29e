"""What Lake Formation holds a contract to: the keys of the mesh's LF-Tags, and its limit on filters. Pure."""

from __future__ import annotations

__all__ = ["MOST_FILTERS", "TAG_KEYS"]

TAG_KEYS = ("domain", "classification", "tier", "personal")
"""No key has a value per product: a key of Lake Formation holds 1,000 values at most."""

MOST_FILTERS = 100
"""Grants on data cells filters that Lake Formation takes for one principal and table."""
