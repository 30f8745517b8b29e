"""List prices, in US dollars, of the region us-east-1 (N. Virginia), without free tiers, discounts or taxes.

As published by AWS on the pricing pages of the products named, and as known in November 2026. A price that has changed
is changed here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AS_OF", "PRICES", "REGION", "Price"]

REGION, AS_OF = "us-east-1", "November 2026"


@dataclass(frozen=True)
class Price:
    """`dollars` for `per` of a `unit`; `page` is the pricing page it stands on."""

    what: str
    unit: str
    dollars: float
    per: int
    page: str

    def of(self, amount: float) -> float:
        return self.dollars * amount / self.per


PRICES = {
    "invocations": Price("Lambda, requests", "invocations", 0.20, 1_000_000, "AWS Lambda"),
    "gb_seconds": Price("Lambda, duration on arm64", "GB-seconds", 0.0000133334, 1, "AWS Lambda"),
    "transitions": Price("Step Functions, Standard", "state transitions", 0.025, 1_000, "AWS Step Functions"),
    "s3_writes": Price("S3 Standard, PUT, COPY, POST, LIST", "requests", 0.005, 1_000, "Amazon S3"),
    "s3_reads": Price("S3 Standard, GET and all other", "requests", 0.0004, 1_000, "Amazon S3"),
    "dynamodb_writes": Price("DynamoDB on demand, writes", "write units", 0.625, 1_000_000, "Amazon DynamoDB"),
    "dynamodb_reads": Price("DynamoDB on demand, reads", "read units", 0.125, 1_000_000, "Amazon DynamoDB"),
    "events": Price("EventBridge, custom events", "events", 1.00, 1_000_000, "Amazon EventBridge"),
    "sqs": Price("SQS, standard queues", "requests", 0.40, 1_000_000, "Amazon SQS"),
    "glue": Price("Glue Data Catalog", "requests", 1.00, 1_000_000, "AWS Glue"),
    "log_gb": Price("CloudWatch Logs, ingestion", "GB", 0.50, 1, "Amazon CloudWatch"),
}
