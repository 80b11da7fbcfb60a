"""How long Thresher takes to say anything at all, beside Python itself."""

from __future__ import annotations

import argparse
from functools import partial

from timing import PYTHON, THRESHER, medians, print_ratios, seconds

COMMANDS = {
    "python -c pass": [*PYTHON, "-c", "pass"],
    "python -c 'import duckdb'": [*PYTHON, "-c", "import duckdb"],
    "thresher --version": [*THRESHER, "--version"],
    "thresher --help": [*THRESHER, "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=11, help="runs of each command")
    options = parser.parse_args()
    work = {name: partial(seconds, command) for name, command in COMMANDS.items()}
    medians(work, repeat=1)  # fills the caches of the file system and of Python
    print_ratios("Start-up", medians(work, repeat=options.repeat), base="python -c pass")


if __name__ == "__main__":
    main()
