"""The pytest plugin, which every installed Thresher registers; it must load nothing heavy."""

from __future__ import annotations
