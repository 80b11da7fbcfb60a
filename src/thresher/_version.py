"""Version of the package, read by the build and by `thresher --version`."""

__version__ = "0.1.0"
