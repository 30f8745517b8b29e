"""Tables that say what one thing is to another of its kind: friends of persons, the managers that employees have."""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.ask.intent import Edge
from datamesh.ask.names.words import in_words, stem, stems

__all__ = ["kin_of", "role_of"]

Stems = tuple[str, ...]
_KEY_WORDS = frozenset(stem(word) for word in ("id", "key", "code", "number", "no"))


def kin_of(table: str, key: Sequence[str], edges: Sequence[Edge]) -> tuple[str, str] | None:
    """Of two keys of one kind, whose row it is and what that has: person and friend, of friends; student_id and liked.

    The table is called by what they have, or the other key is called as in the table that it leads to. None where both
    are roles (home and away team): then neither is the other's; and where rows have a `key` of their own, that is not
    called by what one has: a request is something beside who asks and who approves.
    """
    keys = [edge for edge in edges if len(edge.columns) == 1]
    alike = [edge for edge in keys if sum(other.to == edge.to for other in keys) == 2]
    if len(alike) != 2 or alike[0].to == table:
        return None
    noun = stems(in_words(table.rpartition(".")[2]))[-1:]
    named = [edge for edge in alike if role_of(edge.columns[0]) == noun]
    if not named and not set(key) <= {edge.columns[0] for edge in alike}:
        return None
    roles = named or [edge for edge in alike if not _plain(edge) and role_of(edge.columns[0])]
    own = [edge for edge in alike if edge not in roles and (named or _plain(edge))]
    return (own[0].columns[0], roles[0].columns[0]) if len(own) == len(roles) == 1 else None


def _plain(edge: Edge) -> bool:
    """Whether a key has no name of its own: person, name or person_id, where persons have a name."""
    said = stems(in_words(edge.columns[0]))
    thing = stems(in_words(edge.to.rpartition(".")[2]))
    return said == stems(in_words(edge.to_columns[0])) or _bare(said)[-1:] == thing[-1:]


def role_of(column: str) -> Stems:
    """The one word that a key calls its thing by: friend, of friend_id; nothing where it has none, or several."""
    said = _bare(stems(in_words(column)))
    return said if len(said) == 1 else ()


def _bare(words: Stems) -> Stems:
    return tuple(word for word in words if word not in _KEY_WORDS)
