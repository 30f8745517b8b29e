"""From databases to outcomes: each asked alone, and all of them as one mesh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from datamesh.ask.measure.merged import Changes, changes
from datamesh.ask.measure.mesh import Profiler, known, mesh_of
from datamesh.ask.measure.outcome import Outcome, outcomes
from datamesh.ask.measure.questions import Database

__all__ = ["Measured", "measure"]

Progress = Callable[[str], None]  # told the name of each database that is done


@dataclass(frozen=True)
class Measured:
    """`outcomes` are those of the mesh as it was asked for; `changes` what asking it as one made of each answer.

    `loading_s` is the longest that building one vocabulary took.
    """

    outcomes: tuple[Outcome, ...]
    loading_s: float
    changes: Changes | None = None


def measure(
    databases: Sequence[Database],
    profiler: Profiler,
    *,
    today: date,
    merged: bool,
    progress: Progress,
    at_least: float = 0.0,
) -> Measured:
    """Asks every question of its own database; `merged` asks it of one mesh of all of them after that.

    Readings that are less sure than `at_least` are refused.

    Raises UserError for files that do not hold what the contract says, and for names that two databases have.
    """
    knowledge = []
    alone: list[Outcome] = []
    longest = 0.0
    for database in databases:
        knowledge.append(known(database, profiler))
        mesh = mesh_of([database], knowledge[-1:], at_least=at_least)
        alone += outcomes(database, mesh, today)
        longest = max(longest, mesh.loading_s)
        progress(database.name)
    if not merged:
        return Measured(tuple(alone), longest)
    mesh = mesh_of(databases, knowledge, at_least=at_least)
    together: list[Outcome] = []
    for database in databases:
        together += outcomes(database, mesh, today)
        progress(database.name)
    return Measured(tuple(together), mesh.loading_s, changes(alone, together))
