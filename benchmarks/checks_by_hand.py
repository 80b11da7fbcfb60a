"""The same forty checks as somebody would write them by hand, for DuckDB and nothing else.

Two ways, each the quickest that we know for what it is: everything about single rows as one
aggregate in one scan, with a query for each key and each reference; and a query for each check.
"""

from __future__ import annotations

from collections.abc import Iterator

ROWS = {
    **{
        f"not_null({column})": f"{column} is null"
        for column in (
            *("order_id", "invoice", "customer_id", "product_id", "country", "status", "channel"),
            *("quantity", "price", "ordered_on", "email", "ordered_at"),
        )
    },
    "range(quantity)": "quantity not between 1 and 100",
    "range(price)": "price not between 0 and 10000",
    "range(discount)": "discount not between 0 and 0.5",
    "range(weight)": "weight < 0",
    "range(ordered_on)": "ordered_on not between date '2023-01-01' and date '2024-12-31'",
    "range(delay)": "delay > 1440",
    "accepted(status)": "status not in ('placed', 'paid', 'packed', 'shipped', 'returned')",
    "accepted(channel)": "channel not in ('web', 'shop', 'phone', 'partner')",
    "accepted(currency)": "currency not in ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'JPY')",
    "accepted(rating)": "rating not in (1, 2, 3, 4, 5)",
    "pattern(email)": "not regexp_full_match(email, '[a-z0-9._]+@[a-z0-9.-]+[.][a-z]{2,}')",
    "pattern(phone)": "not regexp_full_match(phone, '[+][0-9]{1,3} [0-9]{4,12}')",
    "pattern(postcode)": "not regexp_full_match(postcode, '[0-9]{5}')",
    "pattern(sku)": "not regexp_full_match(sku, '[A-Z]{3}-[0-9]{4}')",
    "expression(updated_at)": "not (updated_at >= ordered_at)",
    "expression(total)": "not (total = quantity * price)",
    "expression(discount)": "not (discount is null or discount = 0 or status <> 'returned')",
    "expression(email)": "not (length(email) <= 100)",
}
"""Condition of a violating row, by check."""

FIGURES = {
    "freshness(ordered_at)": "max(ordered_at)",
    "freshness(updated_at)": "max(updated_at)",
    "rows(at_least)": "count(*)",
    "rows(at_most)": "count(*)",
}

REFERENCES = {
    f"references({column})": f"select count(orders.{column}) from orders"
    f" anti join {other} on orders.{column} = {other}.{key}"
    for column, other, key in (
        ("customer_id", "customers", "customer_id"),
        ("product_id", "products", "product_id"),
        ("country", "countries", "code"),
    )
}
"""An anti join keeps keys that are null, and `count` leaves them out."""


def _surplus(table: str, column: str) -> str:
    return f"select count({column}) - count(distinct {column}) from {table}"


KEYS = {
    "unique(order_id)": _surplus("orders", "order_id"),
    "unique(invoice)": _surplus("orders", "invoice"),
    "unique(store, receipt)": "select coalesce(sum(n - 1), 0) from"
    " (select count(*) as n from orders group by store, receipt)",
}
TEXT_KEYS = {f"unique({key})": _surplus("text_keys", key) for key in ("token", "visit", "code")}


def single(*, text_keys: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give a query for each check."""
    for name, condition in ROWS.items():
        yield (name,), f"select count(*) from orders where {condition}"
    for name, figure in FIGURES.items():
        yield (name,), f"select {figure} from orders"
    for name, query in (REFERENCES | (TEXT_KEYS if text_keys else KEYS)).items():
        yield (name,), query


def one_scan(*, text_keys: bool) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give one query for all that can be said of single rows, and one for each of the rest."""
    counts = [f"count(*) filter (where {condition})" for condition in ROWS.values()]
    yield (*ROWS, *FIGURES), f"select {', '.join([*counts, *FIGURES.values()])} from orders"
    for name, query in (REFERENCES | (TEXT_KEYS if text_keys else KEYS)).items():
        yield (name,), query
