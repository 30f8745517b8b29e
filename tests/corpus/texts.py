"""CSV as people and programs write it, and what is no CSV at all."""

from __future__ import annotations

from tests.corpus.case import Group

__all__ = ["CASES"]

_csv = Group("lines and fields", "f.csv")
_OK = "id,name\n1,a\n2,b\n"

_csv.published("plain", _OK, 2)
_csv.published("no line end at the end", "id,name\n1,a\n2,b", 2)
_csv.published("line ends of Windows", "id,name\r\n1,a\r\n2,b\r\n", 2)
_csv.published("line ends of old Macs", "id,name\r1,a\r2,b\r", 2)
_csv.published("line ends mixed", "id,name\n1,a\r\n2,b\r3,c\n", 3)
_csv.published("two returns before a feed", "id,name\r\n1,a\r\r\n2,b\r\n", 2)
_csv.published("blank lines", "\n\nid,name\n\n1,a\n\n\n2,b\n\n", 2)
_csv.partial("lines of blanks", "id,name\n1,a\n   \n2,b\n", (2, 1), "malformed=1")
_csv.published("a delimiter at the end of rows", "id,name\n1,a,\n2,b,\n", 2)
_csv.published("a delimiter at the end of all lines", "id,name,\n1,a,\n2,b,\n", 2, "extra-column:")
_csv.partial("short rows", "id,name\n1,a\n2\n3\n", (1, 2), "malformed=2")
_csv.partial("long rows", "id,name\n1,a\n2,b,c\n3,d,,,\n", (2, 1), "malformed=1")
_csv.partial("ragged rows", "id,name\n1\n2,b\n3,c,d\n\n4,e,f,g\n5,h\n", (2, 3), "malformed=3")
_csv.rejected("only ragged rows", "id,name\n1\n2,b,c\n", 2, "malformed=2")
_csv.published("quoted", '"id","name"\n"1","a, b"\n"2","say ""hi"""\n', 2)
_csv.published("line ends in quotes", 'id,name\n1,"a\nb"\n2,"c\r\nd"\n', 2)
_csv.published("blanks around quotes", 'id,name\n1, "a, b" \n2,"c"\n', 2)
_csv.published("a quote within a field", 'id,name\n1,5" pipe\n2,b\n', 2)
_csv.partial("text after a closing quote", 'id,name\n1,"a"b\n2,c\n', (1, 1), "malformed=1")
_csv.partial("backslashes that escape nothing here", 'id,name\n1,"a\\"b"\n2,c\n', (1, 1), "malformed=1")
_csv.partial("a quote open in the first row", 'id,name\n1,"a\n2,b\n3,c\n', (2, 1), "malformed=1")
_csv.partial("a quote open in the last row", 'id,name\n1,a\n2,b\n3,"c\n', (2, 1), "malformed=1")
_csv.partial("a quote open before quoted rows", 'id,name\n1,"a\n2,"b"\n3,"c"\n', (2, 1), "malformed=1")
_csv.partial(
    "a quote open before many rows",
    lambda: b'id,name\n0,"open\n' + b"".join(b"%d,name\n" % n for n in range(200_000)),
    (200_000, 1),
    "malformed=1",
)
_csv.published(
    "texts that hold whole rows", lambda: b"id,name\n" + b'1,"' + b"2,b\n" * 200_000 + b'"\n' + b"3,c\n" * 9, 10
)
_csv.published("a header again and again", "id,name\n1,a\n", 1)
_csv.partial("a header in the middle", "id,name\n1,a\nid,name\n2,b\n", (2, 1), "type:id=1")
_csv.partial("comments nobody told of", "id,name\n# one\n1,a\n", (1, 1), "malformed=1")
_csv.published("comments", "# of 2013\nid,name\n1,a\n# two, three\n2,b # c\n", 2, comment="#")
_csv.published("lines before the header", 'Report "x\n\nid,name\n1,a\n', 1, skip_lines=2)
_csv.refused("more lines to leave out than there are", _OK, "unreadable", skip_lines=9)
_csv.partial("what ended files in DOS", "id,name\n1,a\n\x1a", (1, 1), "malformed=1")
_csv.published("semicolons", "id;name\n1;a,b\n", 1)
_csv.published("tabs", "id\tname\n1\ta,b\n", 1, file="f.tsv")
_csv.published("bars", "id|name\n1|a,b\n", 1)
_csv.published("a delimiter of two characters", "id||name\n1||a|b\n", 1, delimiter="||")
_csv.published("another quote", "id,name\n1,'a, b'\n2,'it''s'\n", 2, quote="'")
_csv.published("backslashes as escape", 'id,name\n1,"a\\"b"\n', 1, escape="\\")
_csv.published("no header", "1,a\n2,b\n", 2, header=False)
_csv.partial("no header and a header", _OK, (2, 1), "type:id=1", header=False)
_csv.refused(
    "another delimiter than the one declared",
    "id;name\n1;a\n",
    "missing-column:id",
    "missing-column:name",
    delimiter=",",
)
_csv.published("formulas in a text", 'id,name\n1,=1+1\n2,@SUM(A1)\n3,"=HYPERLINK(""x"")"\n', 3)
_csv.partial("formulas in a number", "id,name\n=1+1,a\n2,b\n", (1, 1), "type:id=1")
_csv.partial("null words nobody told of", "id,name\nNULL,a\n2,b\n", (1, 1), "type:id=1")
_csv.partial("null words", "id,name\nNULL,a\n2,NULL\n", (1, 1), "required:id=1", null_words=("", "NULL"))
_csv.published("rows that are all the same", "id,name\n1,a\n1,a\n1,a\n", 3)
_csv.published("a hundred thousand rows", lambda: b"id,name\n" + b"1,a\n" * 100_000, 100_000)


def _wide(columns: int, rows: int) -> bytes:
    names = ["id", "name", *(f"c{n:03}" for n in range(2, columns))]
    return (",".join(names) + "\n" + ("1," * (columns - 1) + "1\n") * rows).encode()


_size = Group("size", "f.csv")
_MB = 10**6
_size.partial("a line of 100 MB", lambda: b"id,name\n1,a\n2," + b"x" * (100 * _MB) + b"\n3,c\n", (2, 1), "malformed=1")
_size.rejected("nothing but a line of 100 MB", lambda: b"id,name\n2," + b"x" * (100 * _MB), 1, "malformed=1")
_size.refused("a header of 100 MB", lambda: b"id,name," + b"x" * (100 * _MB), "unreadable")
_size.refused("100 MB of quotes", lambda: b'"' * (100 * _MB), "unreadable")
_size.partial(
    "a quoted field of 3 MB",
    lambda: b'id,name\n1,"' + (b"x" * 99 + b"\n") * 30_000 + b'"\n3,c\n',
    (1, 30_001),
    "malformed=30001",
)
_size.partial("a field of 3 MB", lambda: b"id,name\n1," + b"x" * (3 * _MB) + b"\n3,c\n", (1, 1), "malformed=1")
_size.published("a field of almost 2 MB", lambda: b"id,name\n1," + b"x" * 1_990_000 + b"\n3,c\n", 2)
_size.published("many fields of 1 MB", lambda: b"id,name\n" + (b"1," + b"x" * _MB + b"\n") * 40, 40)
_size.refused("10,000 columns", lambda: _wide(10_000, 20), "too-many-columns")
_size.published("1,000 columns", lambda: _wide(1_000, 200), 200, *(f"extra-column:c{n:03}" for n in range(2, 102)))
_size.partial(
    "500 columns and bad rows",
    lambda: _wide(500, 20) + ("x," * 499 + "1\n").encode() * 20 + b"1,2\n",
    (20, 21),
    "type:id=20",
    "malformed=1",
    *(f"extra-column:c{n:03}" for n in range(2, 100)),
)
_size.rejected("a million commas", lambda: b"id,name\n" + b"," * _MB, 1, "required:id=1")
_size.published("a text of empty lines", lambda: b"id,name\n" + b"\n" * (5 * _MB) + b"1,a\n", 1)
_size.rejected("a hundred thousand bad rows", lambda: b"id,name\n" + b"x,a\n" * 100_000, 100_000, "type:id=100000")
_size.rejected("many lines that are no rows", lambda: b"id,name\n" + b"x\n" * 40_000, 40_000, "malformed=40000")
_size.rejected("many open quotes", lambda: b"id,name\n" + b'1,"x\n' * 19_999, 19_999, "malformed=19999")

_names = Group("columns", "f.csv")
_BOTH = ("missing-column:id", "missing-column:name")
_names.refused("empty", b"", "empty-file")
_names.refused("nothing but line ends", "\n\r\n\n", "empty-file")
_names.refused("nothing but a byte order mark", b"\xef\xbb\xbf", "empty-file")
_names.refused("nothing but a header", "id,name\n", "empty-file")
_names.refused("a header without a line end", "id,name", "empty-file")
_names.refused("a header and blank lines", "id,name\n\n\n", "empty-file")
_names.published("another order", "name,id\na,1\n", 1)
_names.published("other capitals", "ID,Name\n1,a\n", 1)
_names.published("blanks around names", " id , name\n1,a\n", 1)
_names.published("a column more", "id,name,age\n1,a,3\n", 1, "extra-column:age")
_names.refused("a column more, unwanted", "id,name,age\n1,a,3\n", "extra-column:age", extra_columns="reject")
_names.published("a column less", "id\n1\n2\n", 2, "missing-column:name")
_names.refused("a column less, wanted", "id\n1\n2\n", "missing-column:name", missing_columns="reject")
_names.refused("the column less that must be", "name\na\n", "missing-column:id")
_names.refused("no header", "1,a\n2,b\n", *_BOTH)
_names.refused("a column twice", "id,name,id\n1,a,2\n", "duplicate-column:id")
_names.published("a column of no interest twice", "id,name,x,x\n1,a,2,3\n", 1, "extra-column:x")
_names.published("a column in capitals and not", "id,name,ID\n1,a,2\n", 1, "extra-column:ID")
_names.refused("a column in two ways, neither its own", "Id,ID,name\n1,2,a\n", "missing-column:id")
_names.published("a column without a name", "id,,name\n1,x,a\n", 1, "extra-column:")
_names.refused("columns without names", ",,\n1,2,3\n", *_BOTH)
_names.refused("a name with something invisible in it", "\u200bid,name\n1,a\n", "missing-column:id")
_names.refused("a quote open in the header", '"id,name\n1,a\n', *_BOTH)
_names.refused("one quote", '"', *_BOTH)
_names.refused("one comma", ",", *_BOTH)
_names.partial("one column and blank lines", "id\n1\n\n2\n", (2, 1), "required:id=1", "missing-column:name")

_other = Group("no CSV", "f")
_other.refused("HTML", "<html><body><p>Not found, sorry</p></body></html>\n", *_BOTH)
_other.refused("XML", '<?xml version="1.0"?>\n<rows><row id="1"/></rows>\n', *_BOTH)
_other.refused("YAML", "rows:\n  - id: 1\n    name: a\n", *_BOTH)
_other.refused("SQL", "INSERT INTO things (id, name) VALUES (1, 'a');\n", *_BOTH)
_other.refused("columns of a fixed width", "id   name\n1    a\n", *_BOTH)
_other.refused("prose", "Dear Sir or Madam,\nplease find the data attached.\n", *_BOTH)
_other.refused("a PDF", b"%PDF-1.7\n%\xe2\xe3", "wrong-format")
_other.refused("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "wrong-format")
_other.refused("a workbook of 2003", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "wrong-format")
_other.refused("a database", b"SQLite format 3\0" + b"\0" * 500, "wrong-format")
_other.refused("zeros", b"\0" * 5_000, "wrong-format")
_other.refused("noise", bytes((n * 7919 + n * n) % 256 for n in range(1, 3_000)), "wrong-format")
_other.refused("a CSV called Parquet", _OK, "wrong-format", file="f.parquet")
_other.refused("a CSV called JSON", _OK, "wrong-format", file="f.json")
_other.refused("a CSV called a workbook", _OK, "wrong-format", file="f.xlsx")
_other.refused("a CSV called Avro", _OK, "wrong-format", file="f.avro")
_other.refused("a CSV called ORC", _OK, "wrong-format", file="f.orc")
_other.refused("a CSV called packed", _OK, "wrong-format", file="f.csv.gz")
_other.refused("a CSV called a zip", _OK, "wrong-format", file="f.zip")
_other.refused("a CSV where the contract says JSON", _OK, "wrong-format", format="json")
_other.published("a CSV whose first column begins as ORC does", "ORCA,id,name\nx,1,a\n", 1, "extra-column:ORCA")

CASES = (*_csv.cases, *_size.cases, *_names.cases, *_other.cases)
