"""TPC-H from CSV files to six marts, beside the same queries in a script for DuckDB alone."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

import duckdb
from timing import PYTHON, THRESHER, medians, print_ratios, seconds
from tpch_queries import CLEAN, MARTS, TABLES

SHORT = "by hand, CSV to clean to marts, as Parquet"
LAYERED = "by hand, CSV to raw to clean to marts, as Parquet"
FIRST = "thresher run, the first"
AGAIN = "thresher run, nothing changed"
MART = "thresher run, one mart changed"


def generate(folder: Path, scale: float) -> None:
    """Write the eight tables as CSV files."""
    beside_python = str(Path(PYTHON[0]).parent)
    generator = shutil.which("tpchgen-cli", path=beside_python) or shutil.which("tpchgen-cli")
    if generator is None:
        raise SystemExit("tpchgen-cli is missing: pip install -r benchmarks/requirements.txt")
    command = [generator, "csv", "--scale-factor", str(scale), "--output-dir", str(folder), "-q"]
    subprocess.run(command, check=True)


def write_project(folder: Path, data: Path) -> None:
    folder.mkdir()
    (folder / "config.yaml").write_text("pipeline: tpch\n")
    (folder / "data_raw").symlink_to(data, target_is_directory=True)
    for layer in ("raw", "clean", "warehouse"):
        (folder / "src" / layer).mkdir(parents=True)
    for table in TABLES:
        source = f"source:\n  files: data_raw/{table}.csv\n"
        (folder / "src/raw" / f"{table}.yaml").write_text(source)
        (folder / "src/clean" / f"{table}.sql").write_text(CLEAN[table])
    for mart, query in MARTS.items():
        (folder / "src/warehouse" / f"{mart}.sql").write_text(query)


def write_script(path: Path, data: Path, *, layered: bool) -> None:
    """Write the same queries as somebody would by hand; `layered` keeps the raw tables too."""
    lines = [
        "import duckdb, os",
        "c = duckdb.connect()",
        "def keep(layer, name, query):",
        "    file = f'{layer}/{name}.parquet'",
        "    os.makedirs(layer, exist_ok=True)",
        "    c.execute(f\"copy ({query}) to '{file}'\")",
        "    c.execute(f\"create view {layer}.{name} as from read_parquet('{file}')\")",
        *(f"c.execute('create schema {layer}')" for layer in ("raw", "clean", "warehouse")),
    ]
    for table in TABLES:
        query = f"from read_csv('{data / table}.csv')"
        if layered:
            lines.append(f'keep("raw", "{table}", """{query}""")')
        else:
            lines.append(f'c.execute("""create view raw.{table} as {query}""")')
    lines += [f'keep("clean", "{table}", """{CLEAN[table]}""")' for table in TABLES]
    lines += [f'keep("warehouse", "{mart}", """{query}""")' for mart, query in MARTS.items()]
    path.write_text("\n".join(lines) + "\n")


def compare(project: Path, by_hand: Path) -> None:
    """Fail unless both came to the same marts, row by row."""
    with duckdb.connect(str(project / "warehouse/dev.duckdb"), read_only=True) as published:
        for mart in MARTS:
            ours, theirs = f"from warehouse.{mart}", f"from '{by_hand}/warehouse/{mart}.parquet'"
            sql = (
                f"select count(*) from (({ours} except all {theirs})"
                f" union all ({theirs} except all {ours}))"
            )
            ((different,),) = published.execute(sql).fetchall()
            if different:
                raise SystemExit(f"warehouse.{mart}: {different} rows are not the same")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1, help="TPC-H's scale factor")
    parser.add_argument("--repeat", type=int, default=3, help="rounds, of which medians are told")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="thresher-") as name:
        top = Path(name)
        data, project = top / "data", top / "project"
        generate(data, options.scale)
        write_script(top / "short.py", data, layered=False)
        write_script(top / "layered.py", data, layered=True)
        rounds = iter(range(options.repeat))

        def by_hand(kind: str) -> float:
            folder = top / kind
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            return seconds([*PYTHON, top / f"{kind}.py"], folder=folder)

        def first() -> float:
            shutil.rmtree(project, ignore_errors=True)
            write_project(project, data)
            return again()

        def again() -> float:
            return seconds([*THRESHER, "run"], folder=project)

        def one_mart() -> float:
            compare(project, top / "layered")
            mart = project / "src/warehouse/revenue_change.sql"
            mart.write_text(MARTS[mart.stem].replace("24", str(25 + next(rounds))))
            return again()

        taken = medians(
            {
                SHORT: lambda: by_hand("short"),
                LAYERED: lambda: by_hand("layered"),
                FIRST: first,
                AGAIN: again,
                MART: one_mart,
            },
            repeat=options.repeat,
        )
    print_ratios(f"TPC-H at scale {options.scale:g}", taken, base=LAYERED)


if __name__ == "__main__":
    main()
