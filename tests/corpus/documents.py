"""JSON: one object a line, arrays, objects over several lines, and what is none of it."""

from __future__ import annotations

from tests.corpus.case import Group

__all__ = ["CASES"]

_j = Group("JSON", "f.json")
_DEEP = 100_000
_BOTH = ("missing-column:id", "missing-column:name")

_j.published("lines", '{"id": 1, "name": "a"}\n{"id": 2}\n', 2)
_j.published("lines with blank ones", '\n{"id": 1}\n\n{"id": 2}\n\n', 2)
_j.published("lines of Windows", '{"id": 1}\r\n{"id": 2}\r\n', 2)
_j.published("lines with a mark", b'\xef\xbb\xbf{"id": 1}\n{"id": 2}\n', 2)
_j.published("lines in UTF-16", '{"id": 1, "name": "ë"}\n{"id": 2}\n'.encode("utf-16"), 2)
_j.published("lines in Latin-1", '{"id": 1, "name": "ë"}\n'.encode("latin-1"), 1, encoding="latin-1")
_j.published("an array", '[{"id": 1, "name": "a"},\n {"id": 2}]\n', 2)
_j.published("an array in one line", '[{"id": 1}, {"id": 2}]', 2)
_j.published("an array in UTF-16", '[{"id": 1, "name": "ë"}]'.encode("utf-16"), 1)
_j.published("one object in many lines", '{\n  "id": 1,\n  "name": "a"\n}\n', 1)
_j.published("objects in many lines", '{\n  "id": 1\n}\n{\n  "id": 2\n}\n', 2)
_j.published("objects one after another", '{"id": 1}{"id": 2} {"id": 3}', 3)
_j.published("a hundred thousand elements", lambda: b"[" + b'{"id": 1},\n' * 99_999 + b'{"id": 2}]', 100_000)
_j.published("a name twice", '{"id": 1, "id": 2}\n', 1)
_j.published("more names than are known", '{"id": 1, "zip": 2}\n', 1, "extra-column:zip")
_j.published("values of other types", '{"id": "1", "name": 5}\n{"id": 2.0, "name": {"a": [1]}}\n', 2)
_j.published("a zero, escaped", '{"id": 1, "name": "a\\u0000b"}\n', 1)
_j.published("a pair, escaped", '{"id": 1, "name": "\\ud83d\\ude00"}\n', 1)
_j.partial("a lone surrogate, escaped", '{"id": 1}\n{"id": 2, "name": "\\ud800"}\n', (1, 1), "malformed=1")
_j.partial("a character that is none", b'{"id": 1}\n{"id": 2, "name": "\xff"}\n', (1, 1), "malformed=1")
_j.partial("a line that is no JSON", '{"id": 1}\nnot json\n{"id": 2}\n', (2, 1), "malformed=1")
_j.partial("a first line that is no JSON", '{"id": 1,\n{"id": 2}\n', (1, 1), "malformed=1")
_j.partial("lines that are no objects", '{"id": 1}\n[2]\n3\nnull\n"x"\n', (1, 4), "malformed=4")
_j.partial("a last line that is cut off", '{"id": 1}\n{"id": 2, "na', (1, 1), "malformed=1")
_j.partial("a comma after each line", '{"id": 1},\n{"id": 2}\n', (1, 1), "malformed=1")
_j.partial("single quotes", "{\"id\": 1}\n{'id': 2}\n", (1, 1), "malformed=1")
_j.partial("a name in capitals", '{"id": 1}\n{"ID": 2}\n', (1, 1), "required:id=1", "extra-column:ID")
_j.partial("a number past 64 bits", '{"id": 1}\n{"id": 99999999999999999999}\n', (1, 1), "type:id=1")
_j.partial("a number with a fraction", '{"id": 1}\n{"id": 1.5}\n{"id": true}\n', (1, 2), "type:id=2")
_j.partial("a required value that is null", '{"id": 1}\n{"id": null}\n{}\n', (1, 2), "required:id=2")
_j.partial("a deep value", lambda: b'{"id": 1}\n{"id": ' + b"[" * _DEEP + b"]" * _DEEP + b"}\n", (1, 1), "type:id=1")
_j.partial("a deep value never closed", lambda: b'{"id": 1}\n{"id": ' + b"[" * _DEEP + b"\n", (1, 1), "malformed=1")
_j.partial(
    "deep objects", lambda: b'{"id": 1}\n' + b'{"id":' * _DEEP + b"1" + b"}" * _DEEP + b"\n", (1, 1), "type:id=1"
)
_j.partial(
    "a line of 100 MB", lambda: b'\n{"id": 1}\n\n{"name": "' + b"x" * 10**8 + b'"}\n{"id": 3}\n', (2, 1), "malformed=1"
)
_j.partial(
    "an element of 5 MB", lambda: b'[{"id": 1},{"id": 2, "name": "' + b"x" * (5 * 10**6) + b'"}]', (1, 1), "malformed=1"
)
_j.refused("an element of 100 MB", lambda: b'[{"id": 1},{"id": 2, "name": "' + b"x" * 10**8 + b'"}]', "unreadable")
_j.partial("elements that are no objects", '[{"id": 1}, 2, [3], null]', (1, 3), "malformed=3")
_j.refused("an empty array", "[]", "empty-file")
_j.refused("an array cut off", '[{"id": 1}, {"id": 2', "unreadable")
_j.refused("an array with a broken element", '[{"id": 1}, {bad}, {"id": 3}]', "unreadable")
_j.refused("an array and more", '[{"id": 1}] x', "unreadable")
_j.refused("a deep array", lambda: b"[" * _DEEP + b"]" * _DEEP, "wrong-format")
_j.refused("an array of numbers", "[1, 2, 3]", "wrong-format")
_j.refused("none of the columns", '{"a": 1}\n', *_BOTH)
_j.refused("an array where lines are named", '[{"id": 1}]', "wrong-format", file="f.jsonl")
_j.refused("lines where the contract says CSV", '{"id": 1}\n', "wrong-format", format="csv")

CASES = tuple(_j.cases)
