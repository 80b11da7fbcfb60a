"""Write the table of `docs/durability.md`: which points there are, and what is tried at each."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "faults"))

from fault_table import BEGIN, END, PAGE, written  # noqa: E402
from faults_bench import SCENARIOS, Bench, Server  # noqa: E402


def main() -> None:
    """Go through every scenario once, and write down the points that it reaches."""
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(server, Path(folder).resolve())
            table = written({scenario: bench.points(scenario) for scenario in SCENARIOS})
    finally:
        server.close()
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
