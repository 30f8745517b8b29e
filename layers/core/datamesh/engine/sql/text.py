"""From text to one tree, or a refusal that says why. What cannot be a question is refused before it is parsed."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from datamesh.engine import dialect
from datamesh.engine.dialect import NOT_UNDERSTOOD
from datamesh.engine.duck import is_one_select
from datamesh.errors import StatementRejected

__all__ = ["check_agreed", "read"]

_MAX_CHARACTERS = 20_000
_MAX_DEPTH = 40
_STARTS = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN})
_OPENS = frozenset({TokenType.L_PAREN, TokenType.CASE, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSES = frozenset({TokenType.R_PAREN, TokenType.END, TokenType.R_BRACKET, TokenType.R_BRACE})


def read(text: str) -> exp.Query:
    """The SELECT (or set operation) in `text`, without comments.

    Raises StatementRejected: too-long, not-readable, one-statement, select-only or too-complex.
    """
    if len(text) > _MAX_CHARACTERS:
        raise StatementRejected(f"a statement has at most {_MAX_CHARACTERS:,} characters", rule="too-long")
    if any(not character.isprintable() and character not in "\n\r\t" for character in text):
        raise StatementRejected("the statement holds unprintable characters", rule="not-readable")
    try:
        _check_words(dialect.tokens(text))
        tree = dialect.parse(text)
    except NOT_UNDERSTOOD as error:
        raise StatementRejected("this is not SQL that can be read", rule="not-readable", hint=_place(error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise _select_only()
    for node in tree.walk():
        node.comments = None
    return tree


def check_agreed(text: str) -> None:
    """Raises StatementRejected (not-readable) unless DuckDB's parser, too, reads `text` as one SELECT.

    sqlglot's is lenient: it reads `SELECT a,,b` as what its author may have meant.
    """
    if not is_one_select(text):
        raise StatementRejected("this is not SQL that DuckDB can read", rule="not-readable")


def _check_words(words: list[Token]) -> None:
    kinds = [word.token_type for word in words]
    while kinds and kinds[-1] is TokenType.SEMICOLON:
        kinds.pop()
    if TokenType.SEMICOLON in kinds:
        raise StatementRejected("write one statement at a time", rule="one-statement")
    if not kinds or kinds[0] not in _STARTS:
        raise _select_only()
    depth = 0
    for kind in kinds:
        depth += (kind in _OPENS) - (kind in _CLOSES)
        if depth > _MAX_DEPTH:
            raise _too_deep()


def _select_only() -> StatementRejected:
    return StatementRejected(
        "only SELECT is answered here", rule="select-only", hint="Data is changed by publishing files, never by SQL."
    )


def _too_deep() -> StatementRejected:
    return StatementRejected("the statement is nested too deeply", rule="too-complex", hint="Use WITH to flatten it.")


def _place(error: Exception) -> str:
    details = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    return f"Look at line {details['line']}, column {details['col']}." if details.get("line") else ""
