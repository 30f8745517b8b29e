"""The same work in pandas, as awswrangler does it beneath its S3: read, the same rules, good and bad rows written.

Fields are read as text, for a bad row keeps its text.  FILE WORK
"""

from __future__ import annotations

import sys

import pandas as pd

from bench.measure import report


def main(name: str, work: str) -> None:
    report(lambda: _publish(pd.read_csv(name, dtype=str), work))


def _publish(text: pd.DataFrame, work: str) -> None:
    typed = pd.DataFrame(
        {
            "order_id": _whole(text["order_id"]),
            "customer_id": _whole(text["customer_id"]),
            "ordered_at": pd.to_datetime(text["ordered_at"], format="%Y-%m-%d %H:%M:%S", errors="coerce"),
            "ship_date": pd.to_datetime(text["ship_date"], format="%Y-%m-%d", errors="coerce"),
            "country": text["country"],
            "sku": text["sku"],
            "quantity": _whole(text["quantity"]),
            "unit_price": pd.to_numeric(text["unit_price"], errors="coerce"),
            "discount": pd.to_numeric(text["discount"], errors="coerce"),
            "email": text["email"],
            "note": text["note"],
        }
    )
    bad = _bad(text, typed)
    typed[~bad].to_parquet(f"{work}/good.parquet", compression="zstd", index=False)
    if bad.any():
        text[bad].assign(row_number=text.index[bad] + 1).to_parquet(f"{work}/bad.parquet", compression="zstd")


def _whole(text: pd.Series) -> pd.Series:
    number = pd.to_numeric(text, errors="coerce")
    return number.where(number % 1 == 0)


def _bad(text: pd.DataFrame, typed: pd.DataFrame) -> pd.Series:
    bad = (text.notna() & typed.isna()).any(axis=1)
    bad |= typed[["order_id", "customer_id", "ordered_at"]].isna().any(axis=1)
    bad |= typed["order_id"] < 1
    bad |= text["country"].notna() & ~text["country"].isin(["DE", "FR", "GB", "IT", "NL"])
    bad |= text["sku"].notna() & ~text["sku"].str.contains(r"^SKU-[0-9]{6}$", na=False)
    bad |= (typed["quantity"] < 1) | (typed["quantity"] > 100)
    bad |= typed["unit_price"] < 0
    bad |= (typed["discount"] < 0) | (typed["discount"] > 1)
    return bad | (text["note"].str.len() > 40)


main(*sys.argv[1:])
