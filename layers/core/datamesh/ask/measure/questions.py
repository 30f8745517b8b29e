"""A folder of databases with questions: `contract.odcs.yaml`, `data/<table>.parquet`, `questions.jsonl`.

A line of questions is one JSON object. `question` and `expected` (rows) are enough; `answerable: false` stands for a
question that only a refusal is right for. docs/measuring.md describes all fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.errors import ContractError, UserError

__all__ = ["Database", "Expected", "Key", "Question", "Tie", "databases", "flagged"]

Key = tuple[str, str]  # a database's name and a question's id
Rows = Sequence[Sequence[Any]]

_CONTRACT, _QUESTIONS, _DATA = "contract.odcs.yaml", "questions.jsonl", "data"


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Tie(_Read):
    """The first `sure` rows are certain, the others may be any of `pool`: a limit fell among rows that tie."""

    sure: int
    pool: Rows


class Expected(_Read):
    """One right answer. `ordered`: rows come in this order, those with equal `order_groups` among them in any.

    `rule` says why it is accepted beside the published one.
    """

    expected: Rows
    ordered: bool = False
    order_groups: tuple[int, ...] | None = None
    limit_tie: Tie | None = None
    rule: str = ""


class Question(_Read):
    """A question and its right answers: `expected` of its own, and `alternatives`. None at all: it must be refused."""

    id: str = ""
    question: str
    answerable: bool = True
    expected: Rows | None = None
    ordered: bool = False
    order_groups: tuple[int, ...] | None = None
    limit_tie: Tie | None = None
    alternatives: tuple[Expected, ...] = ()
    extra_columns: bool = False
    as_of: date | None = None
    sql: str = ""
    dialect: str = "sqlite"
    difficulty: str = ""
    single_table: bool | None = None
    trivial: bool | None = None
    db: str = Field(default="", exclude=True)

    @model_validator(mode="after")
    def _has_an_answer(self) -> Question:
        if self.answerable and self.expected is None:
            raise ValueError("neither `expected` rows nor `answerable: false`")
        for answer in self.answers:
            if answer.order_groups and len(answer.order_groups) < len(answer.expected):
                raise ValueError("`order_groups` has fewer numbers than `expected` has rows")
        return self

    @property
    def key(self) -> Key:
        return self.db, self.id

    @property
    def answers(self) -> tuple[Expected, ...]:
        """Every right answer, the published one first."""
        if self.expected is None:
            return ()
        own = Expected(
            expected=self.expected, ordered=self.ordered, order_groups=self.order_groups, limit_tie=self.limit_tie
        )
        return (own, *self.alternatives)

    @property
    def is_trivial(self) -> bool:
        """Whether the answer is no rows, or nothing but NULL and zero, which many wrong statements return too."""
        if self.trivial is not None:
            return self.trivial
        return all(value in (None, 0) for row in self.expected or () for value in row)


@dataclass(frozen=True)
class Database:
    """One database: its contract, where the rows of each table are, and its questions."""

    name: str
    folder: Path
    contract: Contract
    questions: tuple[Question, ...]

    def file(self, table: str) -> Path:
        return self.folder / _DATA / f"{table}.parquet"


def databases(folder: Path) -> list[Database]:
    """The database in `folder`, or each of those in folders under it, by name.

    Raises UserError for what is missing, ContractError for a broken contract, each with path and line.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder", hint="name a database's folder, or a folder of such folders")
    inside = [folder] if (folder / _QUESTIONS).exists() or (folder / _CONTRACT).exists() else _under(folder)
    if not inside:
        raise UserError(f"{folder} holds no database", hint=f"a database is a folder with {_CONTRACT}")
    return [_database(each) for each in inside]


def flagged(file: Path) -> set[Key]:
    """The questions that `file` names, an object with `db` and `id` a line."""
    return {(str(found["db"]), str(found["id"])) for _, found in _lines(file, "db", "id")}


def _under(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if (each / _QUESTIONS).exists() or (each / _CONTRACT).exists())


def _database(folder: Path) -> Database:
    folder = folder.resolve()
    contract = _contract(folder / _CONTRACT)
    if not contract.tables or not contract.domain or not contract.product:
        raise ContractError(f"{folder / _CONTRACT}: no domain, no product or no table in it")
    found = Database(folder.name, folder, contract, tuple(_questions(folder / _QUESTIONS, folder.name)))
    for table in contract.tables:
        if not found.file(table.name).is_file():
            raise UserError(f"{found.file(table.name)} is missing", hint=f"the contract has a table {table.name}")
    return found


def _contract(file: Path) -> Contract:
    try:
        return parse(_bytes(file))
    except ContractError as error:
        raise ContractError(f"{file}: {error.message}", hint=error.hint) from error


def _questions(file: Path, db: str) -> Iterator[Question]:
    seen: set[str] = set()
    for number, found in _lines(file, "question"):
        named = {**found, "id": str(found.get("id") or number), "db": db}
        try:
            question = Question.model_validate(named)
        except ValidationError as error:
            raise _wrong(file, number, _first(error)) from error
        if question.id in seen:
            raise _wrong(file, number, f"a second question with the id {question.id}")
        seen.add(question.id)
        yield question


def _lines(file: Path, *needed: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and object of each line that is not empty."""
    for number, line in enumerate(_bytes(file).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise _wrong(file, number, f"no JSON: {error}") from error
        if not isinstance(found, dict) or any(name not in found for name in needed):
            raise _wrong(file, number, f"no JSON object with {' and '.join(needed)}")
        yield number, found


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error


def _first(error: ValidationError) -> str:
    told = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in told["loc"])
    return f"{place}: {told['msg']}" if place else str(told["msg"])


def _wrong(file: Path, number: int, what: str) -> UserError:
    return UserError(f"{file}:{number}: {what}", hint="docs/measuring.md has the format")
