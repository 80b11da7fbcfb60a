"""The project whose DDL stands in golden files: a column of every type, and every odd contract.

To write the files anew, after looking at what changed: `python tests/ddl/shop_project.py`.
"""

from __future__ import annotations

from pathlib import Path

import thresher
from thresher.api.ddl import ddl
from thresher.docs.ddl.dialects import DIALECTS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ddl"


def open_shop(folder: Path) -> thresher.OpenProject:
    """Open a copy of the project: opening leaves a cache behind."""
    for file in sorted((FIXTURES / "shop").rglob("*.*")):
        to = folder / file.relative_to(FIXTURES / "shop")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(file.read_bytes())
    return thresher.open(folder)


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for name in DIALECTS:
        with TemporaryDirectory() as folder:
            text = str(ddl(open_shop(Path(folder)), dialect=name))
        (FIXTURES / f"{name}.sql").write_text(text, encoding="utf-8")
