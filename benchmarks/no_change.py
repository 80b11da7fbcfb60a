"""A thousand trivial models: what Thresher adds to the work, and what it takes to see no change."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import PYTHON, THRESHER, medians, print_ratios, seconds

NATIVE = "by hand, native tables"
PARQUET = "by hand, Parquet files and views"
FIRST = "thresher run, the first"
AGAIN = "thresher run, nothing changed"
ONE = "thresher run, one model changed"


def models(count: int, layers: int) -> Iterator[tuple[str, str, str]]:
    """Give layer, name and query of each model: every one reads one of the layer before."""
    width = count // layers
    for layer in range(layers):
        for number in range(width):
            query = f"select {number} as id, 'm{number}' as name"
            if layer:
                query = f"select * from l{layer - 1}.m{(number * 7 + layer) % width}"
            yield f"l{layer}", f"m{number}", query


def write_project(folder: Path, count: int, layers: int) -> None:
    names = ", ".join(f"l{layer}" for layer in range(layers))
    folder.mkdir()
    (folder / "config.yaml").write_text(f"pipeline: models\nlayers: [{names}]\n")
    for layer, name, query in models(count, layers):
        path = folder / "src" / layer / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(query + "\n")


def write_script(path: Path, count: int, layers: int, *, parquet: bool) -> None:
    """Write the same models as somebody would by hand, for DuckDB and nothing else."""
    lines = ["import duckdb, os", "c = duckdb.connect('by_hand.duckdb')"]
    for layer in range(layers):
        lines += [f"c.execute('create schema l{layer}')", f"os.makedirs('lake/l{layer}')"]
    for layer, name, query in models(count, layers):
        if parquet:
            file = f"lake/{layer}/{name}.parquet"
            lines.append(f"c.execute(\"copy ({query}) to '{file}'\")")
            made = f"view {layer}.{name} as from read_parquet('{file}')"
        else:
            made = f"table {layer}.{name} as {query}"
        lines.append(f'c.execute("create {made}")')
    path.write_text("\n".join([*lines, "c.close()"]) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3, help="rounds, of which medians are told")
    options = parser.parse_args()
    size = (options.models, options.layers)

    with tempfile.TemporaryDirectory(prefix="thresher-") as name:
        top = Path(name)
        project, changed = top / "project", top / "project/src/l0/m0.sql"
        write_script(top / "native.py", *size, parquet=False)
        write_script(top / "parquet.py", *size, parquet=True)
        rounds = iter(range(1, options.repeat + 1))

        def by_hand(script: str) -> float:
            folder = Path(tempfile.mkdtemp(dir=top))
            return seconds([*PYTHON, top / script], folder=folder)

        def first() -> float:
            shutil.rmtree(project, ignore_errors=True)
            write_project(project, *size)
            return again()

        def again() -> float:
            return seconds([*THRESHER, "run"], folder=project)

        def one() -> float:
            changed.write_text(f"select {-next(rounds)} as id, 'changed' as name\n")
            return again()

        taken = medians(
            {
                NATIVE: lambda: by_hand("native.py"),
                PARQUET: lambda: by_hand("parquet.py"),
                FIRST: first,
                AGAIN: again,
                ONE: one,
            },
            repeat=options.repeat,
        )
    print_ratios(f"{size[0]} models in {size[1]} layers", taken, base=NATIVE)


if __name__ == "__main__":
    main()
