"""Tests of one's own pipeline: a pytest plugin, and asserts that read well.

The plugin brings the fixtures `thresher_project`, `run_pipeline`, `warehouse`, `fake_source` and
`temporary_prefix`. The asserts below are plain functions. Each name is loaded when it is first
asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thresher.testing.asserts import (
        assert_contract,
        assert_no_nulls,
        assert_table,
        assert_unique,
    )
    from thresher.testing.pipelines import FakeSource, PipelineWarehouse, RunPipeline

__all__ = [
    "FakeSource",
    "PipelineWarehouse",
    "RunPipeline",
    "assert_contract",
    "assert_no_nulls",
    "assert_table",
    "assert_unique",
]

_HOMES = {
    "FakeSource": "pipelines",
    "PipelineWarehouse": "pipelines",
    "RunPipeline": "pipelines",
    "assert_contract": "asserts",
    "assert_no_nulls": "asserts",
    "assert_table": "asserts",
    "assert_unique": "asserts",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `thresher.testing` has no attribute `{name}`")
    return getattr(importlib.import_module(f"thresher.testing.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
