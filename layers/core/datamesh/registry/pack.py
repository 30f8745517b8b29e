"""All that questions are read with in one file: contracts, profiles and values of the whole mesh, quick to open.

The pack is a cache. The registry names what is in force, by keys that never name anything else; a pack holds what lies
under such keys, parsed. So any pack is true as far as it goes, an old one only lacks something, and two writers at once
do no harm. It is made of the last one and of what that lacks; made of nothing, it holds the same.

contract(key, body)            by knowledge key: the contract as JSON
profile(key, body)             by knowledge key: the profile without its values, as JSON
spot(spot, profile, name)      the columns whose values are held; see valuestore.py
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import TypeAdapter

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.contract.profile import Profile
from datamesh.registry.valuestore import SCHEMA, ValueStore, add_to

__all__ = ["FORMAT", "PACK_KEY", "HeldValues", "Pack", "held_apart", "write_pack"]

FORMAT = 1  # of the file; a pack of another format is none
PACK_KEY = "knowledge/pack-v1.sqlite"
_KEPT = 64  # values that a profile keeps beside the index: a column of few is known by them
_CONTRACT = TypeAdapter(Contract)
_TABLES = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE contract (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE profile (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE spot (spot INTEGER PRIMARY KEY, profile TEXT NOT NULL, name TEXT NOT NULL);
"""


@dataclass(frozen=True)
class HeldValues:
    """Where the values of a product's columns are: the spot in `store` of each column, by its name in the profile."""

    store: ValueStore
    spots: Mapping[str, int]


class Pack:
    """An opened pack. Contracts and profiles are parsed when they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.DatabaseError for a file that is no pack."""
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        if self._db.execute("PRAGMA user_version").fetchone() != (FORMAT,):
            raise sqlite3.DatabaseError("a pack of another format")
        self._values = ValueStore.opened(path)

    def keys(self) -> set[str]:
        """Those of all contracts and profiles that it holds."""
        return {key for (key,) in self._db.execute("SELECT key FROM contract UNION ALL SELECT key FROM profile")}

    def contracts(self, keys: Iterable[str]) -> dict[str, Contract]:
        """Those of `keys` that it holds."""
        return {key: _CONTRACT.validate_json(body) for key, body in self._bodies("contract", keys)}

    def profiles(self, keys: Iterable[str]) -> dict[str, tuple[Profile, HeldValues]]:
        """Those of `keys` that it holds, with where their values are."""
        spots: dict[str, dict[str, int]] = {}
        for spot, profile, name in self._db.execute("SELECT spot, profile, name FROM spot"):
            spots.setdefault(profile, {})[name] = spot
        return {
            key: (Profile.model_validate_json(body), HeldValues(self._values, spots.get(key, {})))
            for key, body in self._bodies("profile", keys)
        }

    def _bodies(self, table: str, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        wanted = set(keys)
        return (row for row in self._db.execute(f"SELECT key, body FROM {table}") if row[0] in wanted)


def held_apart(profile: Profile, store: ValueStore, spots: Iterator[int]) -> tuple[Profile, HeldValues]:
    """A profile without its many values, and these in a store."""
    held = {column.name: next(spots) for column in profile.columns if column.values}
    store.add((held[column.name], column.values) for column in profile.columns if column.values)
    return _light(profile), HeldValues(store, held)


def _light(profile: Profile) -> Profile:
    columns = tuple(
        column if column.values is None or len(column.values) <= _KEPT else column.without_values()
        for column in profile.columns
    )
    return profile.model_copy(update={"columns": columns})


def write_pack(
    path: Path, *, old: Path | None, contracts: Iterable[str], profiles: Iterable[str], read: Callable[[str], bytes]
) -> None:
    """A pack of just what lies under these keys, at `path`. What `old` holds of it is copied, the rest is read.

    Raises what `read` raises; values of one profile at a time are in memory.
    """
    db = sqlite3.connect(f"file:{path}", uri=True, isolation_level=None)
    try:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} {SCHEMA} {_STAGED}")
        _want(db, "contract", contracts)
        _want(db, "profile", profiles)
        if old is not None:
            db.execute("ATTACH ? AS old", (f"file:{old}?mode=ro&immutable=1",))
            db.executescript(_COPIED)
        _add_contracts(db, read)
        _add_profiles(db, read)
        db.executescript(_SORTED)
    finally:
        db.close()


_STAGED = """
CREATE TEMP TABLE wanted (kind TEXT, key TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TEMP TABLE new_value (key TEXT, spot INTEGER, n INTEGER, text, short INTEGER);
CREATE TEMP TABLE new_word (word TEXT, spot INTEGER, key TEXT);
"""
_COPIED = """
INSERT INTO contract SELECT * FROM old.contract WHERE key IN (SELECT key FROM wanted WHERE kind = 'contract');
INSERT INTO profile SELECT * FROM old.profile WHERE key IN (SELECT key FROM wanted WHERE kind = 'profile');
INSERT INTO spot SELECT * FROM old.spot WHERE profile IN (SELECT key FROM profile);
INSERT INTO new_value SELECT * FROM old.value WHERE spot IN (SELECT spot FROM spot);
INSERT INTO new_word SELECT * FROM old.word WHERE spot IN (SELECT spot FROM spot);
"""
_SORTED = """
INSERT INTO value SELECT * FROM new_value ORDER BY key, spot, n;
INSERT OR IGNORE INTO word SELECT * FROM new_word ORDER BY word, spot, key;
"""


def _want(db: sqlite3.Connection, kind: str, keys: Iterable[str]) -> None:
    db.executemany("INSERT OR IGNORE INTO wanted VALUES (?, ?)", [(kind, key) for key in keys])


def _missing(db: sqlite3.Connection, kind: str) -> list[str]:
    asked = f"SELECT key FROM wanted WHERE kind = ? AND key NOT IN (SELECT key FROM {kind}) ORDER BY key"
    return [key for (key,) in db.execute(asked, (kind,))]


def _add_contracts(db: sqlite3.Connection, read: Callable[[str], bytes]) -> None:
    for key in _missing(db, "contract"):
        body = _CONTRACT.dump_json(parse(read(key)), exclude_defaults=True)
        db.execute("INSERT INTO contract VALUES (?, ?)", (key, body))


def _add_profiles(db: sqlite3.Connection, read: Callable[[str], bytes]) -> None:
    """Values are written unsorted, and put into order once: that makes the smallest file, in the least time."""
    (last,) = db.execute("SELECT coalesce(max(spot), 0) FROM spot").fetchone()
    spots = count(last + 1)
    for key in _missing(db, "profile"):
        profile = Profile.model_validate_json(read(key))
        held = [(next(spots), column) for column in profile.columns if column.values]
        add_to(db, ((spot, column.values or ()) for spot, column in held), prefix="new_")
        db.executemany("INSERT INTO spot VALUES (?, ?, ?)", [(spot, key, column.name) for spot, column in held])
        body = _light(profile).model_dump_json(exclude_defaults=True).encode()
        db.execute("INSERT INTO profile VALUES (?, ?)", (key, body))
