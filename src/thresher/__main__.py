"""Makes `python -m thresher` the same as `thresher`."""

from __future__ import annotations

from thresher.cli.main import main

if __name__ == "__main__":
    main()
