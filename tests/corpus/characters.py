"""Encodings: declared, told from the bytes, mixed, broken."""

from __future__ import annotations

from tests.corpus.case import Group

__all__ = ["CASES"]

_c = Group("characters", "f.csv")
_TEXT = "id,name\n1,Zoë\n2,日本 😀\n"
_WEST = "id,name\n1,Zoë\n"
_BOTH = ("missing-column:id", "missing-column:name")

_c.published("UTF-8", _TEXT, 2)
_c.published("UTF-8 with a mark", b"\xef\xbb\xbf" + _TEXT.encode(), 2)
_c.published("UTF-8 with a mark and quotes", b'\xef\xbb\xbf"id","name"\n1,a\n', 1)
_c.published("UTF-16, little end first, with a mark", b"\xff\xfe" + _TEXT.encode("utf-16-le"), 2)
_c.published("UTF-16, big end first, with a mark", b"\xfe\xff" + _TEXT.encode("utf-16-be"), 2)
_c.published("UTF-16, little end first, without a mark", _TEXT.encode("utf-16-le"), 2)
_c.published("UTF-16, big end first, without a mark", _TEXT.encode("utf-16-be"), 2)
_c.published("UTF-16, declared", _TEXT.encode("utf-16-be"), 2, encoding="utf-16")
_c.partial("half a pair in UTF-16", "id,name\n1,a\n".encode("utf-16-le") + b"2\0,\0\x00\xd8\n\0", (1, 1), "malformed=1")
_c.partial(
    "half a character at the end of UTF-16", "id,name\n1,a\n2,b".encode("utf-16-le") + b"x", (1, 1), "malformed=1"
)
_c.published(
    "a pair across blocks", lambda: b"\xff\xfe" + ("id,name\n" + "1,a😀\n" * 200_001).encode("utf-16-le"), 200_001
)
_c.refused("UTF-32", _TEXT.encode("utf-32"), "wrong-encoding")
_c.refused("UTF-16 where UTF-8 is declared", _TEXT.encode("utf-16"), "wrong-encoding", encoding="utf-8")
_c.refused(
    "UTF-8 with a mark where Latin-1 is declared",
    b"\xef\xbb\xbf" + _WEST.encode(),
    "wrong-encoding",
    encoding="latin-1",
)
_c.refused("UTF-8 where UTF-16 is declared", _WEST.encode(), *_BOTH, encoding="utf-16")
_c.published("Latin-1", _WEST.encode("latin-1"), 1, encoding="latin-1")
_c.rejected("Latin-1 nobody told of", _WEST.encode("latin-1"), 1, "malformed=1")
_c.refused("Latin-1 nobody told of, in the header", "id,näme\n1,a\n".encode("latin-1"), "unreadable")
_c.published("windows-1252", "id,name\n1,5 € “x”\n".encode("cp1252"), 1, encoding="windows-1252")
_c.partial("a byte that windows-1252 lacks", b"id,name\n1,a\x81\n2,b\n", (1, 1), "malformed=1", encoding="windows-1252")
_c.partial("rows of two encodings", "id,name\n1,Zoë\n".encode() + "2,Zoë\n".encode("latin-1"), (1, 1), "malformed=1")
_c.partial("a character cut off", b"id,name\n1,a\n2,\xe6\x97\n", (1, 1), "malformed=1")
_c.partial("a lone surrogate", b"id,name\n1,a\n2,\xed\xa0\x80\n", (1, 1), "malformed=1")
_c.partial("a character written too long", b"id,name\n1,a\n2,\xc0\x80\n", (1, 1), "malformed=1")
_c.partial("a character beyond Unicode", b"id,name\n1,a\n2,\xf5\x80\x80\x80\n", (1, 1), "malformed=1")
_c.published("characters that are none", "id,name\n1,\uffff\ufffe\n", 1)
_c.published("control characters", "id,name\n1,a\x01\x07\x1bb\n", 1)
_c.published("other line ends of Unicode", "id,name\n1,a\u2028b\x0bc\x85\n2,b\n", 2)
_c.refused("a zero", b"id,name\n1,a\0b\n", "wrong-format")
_c.published("a zero far behind", lambda: b"id,name\n" + b"1,a\n" * 300_000 + b"2,a\0b\n", 300_001)
_c.partial("a number in other digits", "id,name\n\uff11,a\n2,b\n", (1, 1), "type:id=1")
_c.published(
    "a broken character where nobody looks, and a name that is missing",
    b"id,x\n1,a\n",
    1,
    "extra-column:x",
    "missing-column:name",
)
_c.partial(
    "a broken character where nobody looks", b"id,name,x\n1,a,\xff\n2,b,c\n", (1, 1), "malformed=1", "extra-column:x"
)

CASES = tuple(_c.cases)
