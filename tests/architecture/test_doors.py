"""Each third party comes in by one door: the table says which files may import it."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

#: Patterns of the files that may import a package, as paths inside `src/thresher`.
DOORS = {
    "_pytest": ["testing/*"],
    "adbc_driver_manager": ["sources/databases*.py"],
    "adbc_driver_postgresql": ["sources/databases*.py"],
    "adbc_driver_sqlite": ["sources/databases*.py"],
    "boto3": ["storage/s3*.py"],
    "botocore": ["storage/s3*.py"],
    "click": ["cli/*"],
    "cronsim": ["project/*", "schedule/*"],
    "dotenv": ["project/*"],
    "duckdb": [
        "engines/duckdb*.py",
        "warehouse/catalog*.py",
        "warehouse/reader.py",
        "sources/*",
        "destinations/*",
        "api/tables.py",  # names the relation that it gives
    ],
    "jinja2": ["observe/*", "docs/*", "api/*"],
    "markupsafe": ["observe/*", "docs/*"],
    "pydantic": ["project/*"],
    "pyspark": ["engines/spark.py"],
    "pytest": ["testing/*"],
    "rich": ["observe/console.py", "cli/*"],
    "sqlglot": ["project/sql.py", "project/sql/*"],
    "tenacity": ["run/*"],
    "yaml": ["project/*"],
}

#: The frames that data is handed over in: values, which anything that holds data may name.
FRAMES = {"numpy", "pandas", "polars", "pyarrow", "python_calamine"}

#: Packages that are required under another name than the one that is imported.
DISTRIBUTIONS = {
    "_pytest": "pytest",
    "adbc_driver_manager": "adbc-driver-manager",
    "adbc_driver_postgresql": "adbc-driver-postgresql",
    "adbc_driver_sqlite": "adbc-driver-sqlite",
    "botocore": "boto3",  # which is made of it
    "dotenv": "python-dotenv",
    "markupsafe": "jinja2",  # which is made of it
    "python_calamine": "python-calamine",
    "yaml": "pyyaml",
}

#: Calls that import what their first argument names.
IMPORTERS = {"__import__", "import_module", "find_spec"}


def third_parties(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find every import of a package that is neither Thresher's nor Python's, with its line."""
    for node in ast.walk(tree):
        names: list[str] = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module), level=0):
                names = [module]
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name),
                args=[ast.Constant(value=str(module)), *_],
            ) if name in IMPORTERS:
                names = [module]
        for name in names:
            package = name.partition(".")[0]
            if package != "thresher" and package not in sys.stdlib_module_names:
                yield getattr(node, "lineno", 0), package


def is_door(path: str, package: str) -> bool:
    return package in FRAMES or any(fnmatchcase(path, door) for door in DOORS.get(package, []))


def test_every_third_party_comes_in_by_its_door(modules: dict[str, ast.Module]) -> None:
    wrong = [
        f"{path}:{line} imports {package}"
        for path, tree in modules.items()
        for line, package in third_parties(tree)
        if not is_door(path, package)
    ]
    assert wrong == []


def test_every_third_party_is_declared(root: Path, modules: dict[str, ast.Module]) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *itertools.chain.from_iterable(extras)]
    declared = {re.split(r"[^\w.-]", each, maxsplit=1)[0].lower() for each in requirements}
    imported = {package for tree in modules.values() for _, package in third_parties(tree)}
    assert {DISTRIBUTIONS.get(package, package) for package in imported} - declared == set()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("plan/plan.py", "import duckdb"),
        ("quality/audit.py", "from duckdb import connect"),
        ("project/reader.py", "from sqlglot.optimizer import scope"),
        ("run/runner.py", "def f():\n    import rich.table"),
        ("api/__init__.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yaml"),
        ("engines/frames.py", "import importlib\nimportlib.import_module('duckdb')"),
        ("errors.py", "import requests"),
    ],
)
def test_a_wrong_import_is_seen(path: str, code: str) -> None:
    assert [package for _, package in third_parties(ast.parse(code)) if not is_door(path, package)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("engines/duckdb_types.py", "import duckdb"),
        ("project/sql/columns.py", "from sqlglot import exp"),
        ("run/retry.py", "from tenacity import Retrying"),
        ("errors.py", "import json\nfrom collections.abc import Iterable"),
        ("run/dag.py", "from thresher.errors import CommandError\nfrom . import retry"),
    ],
)
def test_a_right_import_is_let_pass(path: str, code: str) -> None:
    assert all(is_door(path, package) for _, package in third_parties(ast.parse(code)))
