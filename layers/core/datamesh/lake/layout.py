"""Every S3 key and every catalog name, in one place. Pure.

landing bucket   contracts/<product>.odcs.yaml           a contract, put by its owners
                 <product>/<anything>                    a file of that product
                 <product>/_replay/<batch>/...           rows of that product's quarantine, sent through again
lake bucket      tables/<product>_v<major>/data/...      Iceberg data: changed only through Iceberg, no lifecycle
                 tables/<product>_v<major>/metadata/...
                 quarantine/<product>/<batch>/...        rows that broke a rule, as Parquet
                 batches/<product>/<batch>/...           manifest, slice results, run record
                 profiles/<product>/<snapshot>.json      what the columns hold
                 contracts/<product>/<version>.odcs.yaml the contracts that were applied, byte for byte
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CONTRACTS_PREFIX",
    "Pointer",
    "answers_key",
    "applied_contract_key",
    "batch_of_key",
    "batch_of_quarantine",
    "database_name",
    "manifest_key",
    "outcome_key",
    "parse_contract_key",
    "product_of_key",
    "product_of_table",
    "profile_key",
    "quarantine_of",
    "quarantine_prefix",
    "replay_key",
    "replayed_run",
    "rewritten_prefix",
    "run_key",
    "slice_result_key",
    "staging_prefix",
    "table_name",
    "table_prefix",
    "targets_key",
]

CONTRACTS_PREFIX = "contracts/"
_REPLAY = "_replay"
_CONTRACT_SUFFIXES = (".odcs.yaml", ".odcs.yml")


@dataclass(frozen=True)
class Pointer:
    """Where an object lies. `version_id` is empty in a bucket without versions."""

    bucket: str
    key: str
    version_id: str = ""


def database_name(stage: str, domain: str) -> str:
    return f"datamesh_{stage}_{domain}"


def table_name(product: str, major: int) -> str:
    return f"{product}_v{major}"


def product_of_table(table: str) -> str:
    """The product whose table has this name; "" where none would name its table so."""
    product, _, major = table.rpartition("_v")
    return product if major.isascii() and major.isdigit() else ""


def table_prefix(product: str, major: int) -> str:
    return f"tables/{table_name(product, major)}"


def staging_prefix(product: str, major: int, batch_id: str, attempt: int) -> str:
    """Where an attempt writes its Parquet: inside the table's own data path, for add_files copies nothing."""
    return f"{table_prefix(product, major)}/data/batch={batch_id}/attempt={attempt}"


def rewritten_prefix(product: str, major: int, maintenance_id: str) -> str:
    """Where maintenance writes the files that take the place of smaller ones."""
    return f"{table_prefix(product, major)}/data/maintenance={maintenance_id}"


def batch_of_key(key: str) -> str | None:
    """The batch whose attempt wrote an object of a table, or None when no batch did."""
    _, _, inside = key.partition("/data/batch=")
    return inside.partition("/")[0] or None


def quarantine_prefix(product: str, batch_id: str, attempt: int) -> str:
    return f"quarantine/{product}/{batch_id}/attempt={attempt}"


def quarantine_of(product: str) -> str:
    """Under which all runs of a product keep bad rows back."""
    return f"quarantine/{product}"


def batch_of_quarantine(key: str) -> str:
    """The run that kept back what lies at a key, or under a prefix, of the quarantine."""
    return key.split("/")[2]


def _batch_prefix(product: str, batch_id: str) -> str:
    return f"batches/{product}/{batch_id}"


def manifest_key(product: str, batch_id: str) -> str:
    return f"{_batch_prefix(product, batch_id)}/manifest.json"


def slice_result_key(product: str, batch_id: str, attempt: int, slice_number: int) -> str:
    return f"{_batch_prefix(product, batch_id)}/attempt={attempt}/slice-{slice_number:05d}.json"


def targets_key(product: str, batch_id: str, attempt: int) -> str:
    """Where an attempt writes which snapshots of other tables its references are compared with."""
    return f"{_batch_prefix(product, batch_id)}/attempt={attempt}/targets.json"


def answers_key(product: str, batch_id: str, attempt: int, snapshot: str) -> str:
    """Where an attempt writes what its sql rules said of the batch on top of `snapshot`, of the product's table."""
    return f"{_batch_prefix(product, batch_id)}/attempt={attempt}/answers-{snapshot}.json"


def run_key(product: str, batch_id: str, attempt: int, status: str) -> str:
    """Where an attempt writes how its batch ends: an end of another kind, which may come too late, lies beside it."""
    return f"{_batch_prefix(product, batch_id)}/attempt={attempt}/run-{status}.json"


def outcome_key(product: str, batch_id: str, attempt: int, nonce: str) -> str:
    """What an attempt came to just before it committed; one that did not get so far leaves one that nobody names."""
    return f"{_batch_prefix(product, batch_id)}/attempt={attempt}/outcome-{nonce}.json"


def profile_key(product: str, snapshot_id: int) -> str:
    return f"profiles/{product}/{snapshot_id}.json"


def applied_contract_key(product: str, version: str) -> str:
    return f"contracts/{product}/{version}.odcs.yaml"


def parse_contract_key(key: str) -> str | None:
    """The product that a key of the landing bucket holds the contract of, or None."""
    if not key.startswith(CONTRACTS_PREFIX):
        return None
    name = key.removeprefix(CONTRACTS_PREFIX)
    for suffix in _CONTRACT_SUFFIXES:
        if name.endswith(suffix) and "/" not in name and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return None


def product_of_key(key: str) -> str | None:
    """The product that a file of the landing bucket belongs to, or None for a contract or a stray key."""
    product, slash, rest = key.partition("/")
    return product if slash and rest and f"{product}/" != CONTRACTS_PREFIX else None


def replay_key(product: str, batch_id: str, digest: str) -> str:
    """Where the quarantined rows of a run land to go through again: the same rows always under the same key."""
    return f"{product}/{_REPLAY}/{batch_id}/{digest}.parquet"


def replayed_run(key: str) -> str | None:
    """The run whose quarantined rows a key of the landing bucket holds, or None for any other file."""
    match key.split("/"):
        case [_, folder, batch_id, name] if folder == _REPLAY and batch_id and name:
            return batch_id
    return None
