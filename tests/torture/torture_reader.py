"""Looks at what is published, over and over, and ends where its tables disagree."""

from __future__ import annotations

import sys
import time

import duckdb
from torture_project import DISAGREEMENTS


def main(link: str) -> int:
    """Read until somebody ends it, or something is wrong."""
    looks, last = 0, 0
    while True:
        try:
            connection = duckdb.connect(link, read_only=True)
        except duckdb.IOException as error:
            if looks == 0 and "does not exist" in str(error):
                time.sleep(0.05)  # nothing is published yet
                continue
            raise
        with connection:
            ((number,),) = connection.sql("select number from thresher.publication").fetchall()
            wrong = connection.sql(DISAGREEMENTS).fetchall()
            if wrong or number < last:
                print(f"publication {number} after {last}: {wrong}", flush=True)
                return 1
            last, looks = number, looks + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
