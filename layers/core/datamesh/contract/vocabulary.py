"""What ODCS has no field for: the `datamesh.*` custom properties, version 1.

Each class is one place in a contract where they may stand; its field aliases are the names that owners write.
`schemas/datamesh-properties.v1.schema.json` is generated from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import models_json_schema

from datamesh.contract.intake import ColumnPolicy, Encoding, FileFormat
from datamesh.contract.masks import MOST_KEPT, MaskKind, Span

__all__ = [
    "PLACES",
    "PREFIX",
    "ApprovalProperties",
    "ColumnProperties",
    "ContractProperties",
    "DeleteMark",
    "InputProperties",
    "MaskProperties",
    "MemberProperties",
    "MergeProperties",
    "Place",
    "RelationshipProperties",
    "RoleProperties",
    "ServerProperties",
    "StatementProperties",
    "TableProperties",
    "ThresholdProperties",
    "json_schema",
    "names",
]

PREFIX = "datamesh."
SCHEMA_ID = "https://datamesh.example/schemas/datamesh-properties.v1.schema.json"

ColumnRule = Literal[
    "required",
    "type",
    "enum",
    "pattern",
    "format",
    "range",
    "length",
    "multipleOf",
    "items",
    "properties",
    "unique",
]
TableRule = Literal["primaryKey"]
SeverityWord = Literal["error", "warning"]
Character = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Principal = Annotated[
    str,
    StringConstraints(
        pattern=r"^(role/[\w+=,.@-]{1,64}|arn:aws[a-z-]*:iam::\d{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]{1,64})$"
    ),
]
PartitionTransform = Annotated[
    str, StringConstraints(pattern=r"^(identity|year|month|day|hour|(truncate|bucket)\[[1-9]\d{0,8}\])$")
]


class Place(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        field_title_generator=lambda name, field: field.alias or name,
    )


class InputProperties(Place):
    """How the files of this table are written. What is left out is sniffed from the file."""

    format: FileFormat | None = None
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=4)] | None = None
    quote: Character | None = None
    escape: Character | None = None
    encoding: Encoding | None = None
    header: bool = True
    skip_lines: int = Field(
        default=0, alias="skipLines", ge=0, le=1_000, description="Lines before the header that are left out."
    )
    comment: Character | None = Field(default=None, description="A line that begins with it is no row.")
    sheet: str | None = Field(default=None, description="The sheet of a workbook; else only one may have content.")
    null_words: list[str] = Field(
        default=[""], alias="nullWords", description="Texts that mean no value, besides the empty one."
    )
    decimal_separator: Literal[".", ","] = Field(
        default=".", alias="decimalSeparator", description="How a CSV writes numbers."
    )
    thousands_separator: Literal[".", ",", " ", "'"] | None = Field(default=None, alias="thousandsSeparator")
    timestamp_format: str | None = Field(
        default=None, alias="timestampFormat", description="A strptime format; ISO 8601 when left out."
    )
    extra_columns: ColumnPolicy = Field(
        default="ignore", alias="extraColumns", description="What to do with a file's columns that the contract lacks."
    )
    missing_columns: ColumnPolicy = Field(
        default="ignore",
        alias="missingColumns",
        description="What to do where a file lacks an optional column; without a required one it is always rejected.",
    )


class ThresholdProperties(Place):
    """When a batch is rejected whole."""

    max_quarantined_percent: float = Field(default=100.0, alias="maxQuarantinedPercent", ge=0, le=100)
    max_quarantined_rows: int | None = Field(default=None, alias="maxQuarantinedRows", ge=0)


class DeleteMark(Place):
    """Which rows of a file say that the row of their key is gone."""

    column: str
    values: list[str | bool | int | float] = Field(min_length=1)


class MergeProperties(Place):
    """How rows of one key follow each other, where rows are merged on the primary key."""

    order: str | None = Field(
        default=None, description="The column that says which row of a key is newer; the order of the files without it."
    )
    delete: DeleteMark | None = Field(default=None, description="What marks a row that deletes the row of its key.")


class TableProperties(Place):
    """On a schema object."""

    write_mode: Literal["append", "overwrite", "overwritePartitions", "merge"] = Field(
        default="append",
        alias="datamesh.writeMode",
        description="append adds rows; overwrite replaces the table; overwritePartitions replaces the partitions that "
        "a file has rows of; merge replaces and deletes rows by primary key.",
    )
    merge: MergeProperties | None = Field(default=None, alias="datamesh.merge")
    input: InputProperties = Field(default=InputProperties(), alias="datamesh.input")
    thresholds: ThresholdProperties = Field(default=ThresholdProperties(), alias="datamesh.thresholds")
    severity: dict[TableRule, SeverityWord] = Field(
        default={},
        alias="datamesh.severity",
        description="Severity of the table's built-in rules; error when left out.",
    )


class ServerProperties(Place):
    """On a server that files come from: the same for all of its contract's files."""

    input: InputProperties = Field(default=InputProperties(), alias="datamesh.input")


class ColumnProperties(Place):
    """On a property of a schema object."""

    partition_transform: PartitionTransform = Field(
        default="identity",
        alias="datamesh.partitionTransform",
        description="identity, year, month, day, hour, or truncate[width] of a number's last digits or a text's first.",
    )
    severity: dict[ColumnRule, SeverityWord] = Field(
        default={},
        alias="datamesh.severity",
        description="Severity of the column's built-in rules: error (the default) sends a row to quarantine, "
        "warning publishes it and counts it.",
    )


class RelationshipProperties(Place):
    """On a relationship: whether rows whose reference dangles are looked for, and what becomes of them."""

    severity: Literal["error", "warning", "none"] | None = Field(
        default=None,
        alias="datamesh.severity",
        description="error sends such a row to quarantine, warning (the default) publishes and counts it, none looks "
        "for none. Only references within a domain are looked at.",
    )


class MaskProperties(Place):
    """What is shown of one column in place of its values."""

    column: str
    mask: MaskKind | None = Field(
        description="null (also unquoted), hash (equal values stay equal), partial (the last characters) or bucket."
    )
    keep: int = Field(default=4, ge=1, le=MOST_KEPT, description="How many of the last characters `partial` shows.")
    width: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="Of a bucket of numbers.")
    span: Span | None = Field(default=None, description="Of a bucket of dates.")


class RoleProperties(Place):
    """On a role: who holds it, and which columns of which rows it reads."""

    principals: list[Principal] = Field(
        default=[],
        alias="datamesh.principals",
        description="`role/<name>` in the mesh's account, or a role's full ARN.",
    )
    columns: list[str] | None = Field(
        default=None,
        alias="datamesh.columns",
        description="Columns this role may read; all when left out.",
        min_length=1,
    )
    masks: list[MaskProperties] = Field(
        default=[],
        alias="datamesh.masks",
        description="Of the columns it reads, those whose values it is not shown.",
    )
    rows: str = Field(
        default="",
        alias="datamesh.rows",
        description="The rows this role may read: a condition of comparisons with literals; all when left out.",
        max_length=2_000,
    )


class MemberProperties(Place):
    """On a member of the team: as whom the member acts. Members own the product and decide on requests for access."""

    principals: list[Principal] = Field(
        default=[],
        alias="datamesh.principals",
        description="`role/<name>` in the mesh's account, or a role's full ARN.",
    )


class ApprovalProperties(Place):
    """Requests for access that are granted without anybody being asked."""

    principals: list[Principal] = Field(min_length=1, description="Who may have it.")
    columns: list[str] | None = Field(
        default=None, min_length=1, description="Which columns may be asked for; all when left out."
    )
    days: int = Field(ge=1, le=366, description="For how many days at most.")


class ContractProperties(Place):
    """On the contract itself."""

    auto_approval: list[ApprovalProperties] = Field(
        default=[],
        alias="datamesh.autoApproval",
        description="A request that keeps within any of these is granted at once; owners decide on every other.",
    )


class StatementProperties(Place):
    """On a verified statement: the SQL that answers its question, over mesh names (domain.product)."""

    sql: str = Field(default="", alias="datamesh.sql")


PLACES: Mapping[str, type[Place]] = {
    "contract": ContractProperties,
    "schemaObject": TableProperties,
    "server": ServerProperties,
    "property": ColumnProperties,
    "relationship": RelationshipProperties,
    "role": RoleProperties,
    "member": MemberProperties,
    "verifiedStatement": StatementProperties,
}


def names(place: str) -> list[str]:
    """The custom properties that may stand in a place."""
    return [str(field.alias) for field in PLACES[place].model_fields.values()]


def json_schema() -> dict[str, Any]:
    """The vocabulary as JSON Schema: one definition for each place where custom properties may stand."""
    names, schema = models_json_schema(
        [(model, "validation") for model in PLACES.values()],
        title="datamesh custom properties of ODCS contracts, version 1",
    )
    places = {place: names[model, "validation"] for place, model in PLACES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "type": "object",
        "properties": places,
        **schema,
    }
