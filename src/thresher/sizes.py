"""Numbers of bytes, as people read them."""

from __future__ import annotations


def spell_size(number: float) -> str:
    """Write bytes as people do: `512 B`, `200 MB`, `1.4 GB`."""
    units = ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.95 and len(units) > 1:
        number /= 1000
        del units[0]
    return f"{number:,.1f}".removesuffix(".0") + f" {units[0]}"
