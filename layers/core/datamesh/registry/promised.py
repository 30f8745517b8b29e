"""The contracts in force, without what was published under them: all that requests for access are decided by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.registry.knowledge import ProductKnowledge, named_versions
from datamesh.registry.store import Registry

__all__ = ["Promised"]

_READERS = 8  # contracts read at a time


class Promised:
    """Contracts as of now: one query of the registry a call, and of the rest only what was not read before."""

    def __init__(self, registry: Registry, s3: Any, bucket: str) -> None:
        self._registry = registry
        self._s3 = s3
        self._bucket = bucket
        self._contracts: dict[str, Contract] = {}

    def of(self, domain: str | None) -> list[ProductKnowledge]:
        """The products of `domain`, or of all domains, nothing published. Raises what DynamoDB and S3 raise."""
        try:
            return self._of(domain)
        except self._s3.exceptions.NoSuchKey:
            return self._of(domain)  # replaced between the query and the read: the registry names the new one by now

    def _of(self, domain: str | None) -> list[ProductKnowledge]:
        items = named_versions(self._registry.products())
        meant = [item for item in items if domain is None or item["name"].startswith(f"{domain}.")]
        keys = [str(item["contract"]["knowledge_key"]) for item in meant]
        missing = sorted({key for key in keys if key not in self._contracts})
        with ThreadPoolExecutor(_READERS) as pool:
            self._contracts |= dict(zip(missing, pool.map(self._read, missing), strict=True))
        return [
            ProductKnowledge(
                contract=self._contracts[key],
                name=item["name"],
                version=item["contract"]["version"],
                account=item["account"],
                database=item["contract"]["database"],
                table=item["contract"]["table"],
                reader_role_arn=item["contract"]["reader_role_arn"],
            )
            for key, item in zip(keys, meant, strict=True)
        ]

    def _read(self, key: str) -> Contract:
        return parse(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())
