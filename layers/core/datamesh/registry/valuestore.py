"""The values of many columns, to be asked which columns hold one: SQLite, in a file that nobody changes or in memory.

A value is found by its key: case, accents and punctuation do not matter, a company's legal form need not be said.
Columns are numbers here, their spots; who asks knows what they are, and which of them may be told of to whom.

value(key, spot, n, text, short)   the n-th value of a column, text as `_kept` writes it; `short`: no legal form
word(word, spot, key)              of each word inside a column's values the first value that has it
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["LEGAL_FORMS", "LONGEST", "SCHEMA", "Stored", "ValueStore", "add_to", "fold", "value_key"]

LONGEST = 12  # words of a value that are looked for in a question
_SHORTEST = 3  # letters of a word by which longer values are found
LEGAL_FORMS = frozenset(("inc", "ltd", "llc", "co", "corp", "corporation", "limited", "gmbh", "ag", "sa", "plc"))
_MAPPED = 1 << 30  # bytes of a file that are read as memory
_NO_SIGN = re.compile(r"[\W_]+")
_FORMS: tuple[Callable[[str], str], ...] = (str.title, str.upper, str.capitalize)
SCHEMA = """
CREATE TABLE value (key TEXT NOT NULL, spot INTEGER NOT NULL, n INTEGER NOT NULL, text, short INTEGER NOT NULL,
    PRIMARY KEY (key, spot, n)) WITHOUT ROWID;
CREATE TABLE word (word TEXT NOT NULL, spot INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (word, spot)) WITHOUT ROWID;
"""


def fold(text: str) -> str:
    """Case, width and accents do not matter."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def value_key(text: str) -> str:
    """How values are compared: folded, with single spaces for all that is neither letter nor digit."""
    return _NO_SIGN.sub(" ", fold(text)).strip()


class Stored(NamedTuple):
    """A value of column `spot`, as the column has it; `short`: found without its legal form."""

    spot: int
    n: int
    text: str
    short: bool


class ValueStore:
    """Values by key. Threads may share it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        weakref.finalize(self, connection.close)

    @classmethod
    def in_memory(cls) -> ValueStore:
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.executescript(SCHEMA)
        return cls(connection)

    @classmethod
    def opened(cls, path: Path) -> ValueStore:
        """A file that does not change any more."""
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        connection.execute(f"PRAGMA mmap_size = {_MAPPED}").fetchone()
        connection.execute(
            "SELECT 1 FROM value LIMIT 1"
        ).fetchone()  # from here on the file is open: it may lose its name
        return cls(connection)

    def add(self, columns: Iterable[tuple[int, Iterable[str]]]) -> None:
        """The values of columns whose spots the store does not have."""
        add_to(self._db, columns)

    def remove(self, spots: Iterable[int]) -> None:
        gone = [(spot,) for spot in spots]
        for table in ("value", "word"):
            self._db.executemany(f"DELETE FROM {table} WHERE spot = ?", gone)

    def find(self, key: str) -> list[Stored]:
        """Every value of this key, of any column."""
        found = self._db.execute("SELECT spot, n, text, short FROM value WHERE key = ?", (key,))
        return [_stored(key, *row) for row in found]

    def begun(self, key: str) -> bool:
        """Whether a value begins with these words and goes on."""
        asked = "SELECT 1 FROM value WHERE key > ? AND key < ? LIMIT 1"
        return self._db.execute(asked, (f"{key} ", f"{key}!")).fetchone() is not None

    def with_word(self, word: str) -> Iterator[tuple[str, Stored]]:
        """Values that have this word, under their keys: those that it begins, then of each column one that it is in."""
        begun = "SELECT key, spot, n, text, short FROM value WHERE key = ? OR (key > ? AND key < ?)"
        inside = "SELECT v.* FROM word w JOIN value v ON v.key = w.key AND v.spot = w.spot WHERE w.word = ?"
        for asked, given in ((begun, (word, f"{word} ", f"{word}!")), (inside, (word,))):
            for key, *row in self._db.execute(asked, given):
                yield key, _stored(key, *row)


def add_to(db: sqlite3.Connection, columns: Iterable[tuple[int, Iterable[str]]], *, prefix: str = "") -> None:
    """Writes the values of columns (spot and values) into the two tables, or into ones with a prefix to their names."""
    rows: list[tuple[str, int, int, str | int | None, int]] = []
    words: list[tuple[str, int, str]] = []
    for spot, values in columns:
        for n, text in enumerate(values):
            key = value_key(text)
            parts = key.split(" ")
            if not key or len(parts) > LONGEST:
                continue
            rows.append((key, spot, n, _kept(key, text), 0))
            if parts[-1] in LEGAL_FORMS and len(parts) > 1:
                rows.append((" ".join(parts[:-1]), spot, n, text, 1))
            words += [(part, spot, key) for part in parts[1:] if len(part) >= _SHORTEST and not part.isdigit()]
    db.execute("BEGIN")
    db.executemany(f"INSERT INTO {prefix}value VALUES (?, ?, ?, ?, ?)", rows)
    db.executemany(f"INSERT OR IGNORE INTO {prefix}word VALUES (?, ?, ?)", words)
    db.execute("COMMIT")


def _kept(key: str, text: str) -> str | int | None:
    """A text that follows from its key is not written again: NULL, or the number of the form that it has."""
    if text == key:
        return None
    return next((number for number, form in enumerate(_FORMS) if form(key) == text), text)


def _stored(key: str, spot: int, n: int, kept: str | int | None, short: int) -> Stored:
    text = key if kept is None else _FORMS[kept](key) if isinstance(kept, int) else kept
    return Stored(spot, n, text, bool(short))
