"""What a plan can tell of the files before they are read: how they drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from thresher.errors import ThresherError
from thresher.plan.fingerprint import recipe
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import SourceBody
from thresher.project.project import Project
from thresher.protocols import Foreseeing
from thresher.run.build import Sources
from thresher.run.removed import loaded
from thresher.warehouse.lake import Lake


def foreseen(plan: Plan, project: Project, sources: Sources, lake: Lake) -> Plan:
    """Look into the units that are to be read, and tell how they differ from earlier ones.

    Args:
        plan: what is to be done.
        project: what the user wrote.
        sources: gives the source of a type.
        lake: where earlier versions are.
    """
    steps = [replace(step, drift=_drift(step, project, sources, lake)) for step in plan.steps]
    return replace(plan, steps=tuple(steps))


def _drift(
    step: Step, project: Project, sources: Sources, lake: Lake
) -> Mapping[str, tuple[str, ...]]:
    asset = project.assets[step.asset]
    before = lake.latest(step.asset) if step.action is Action.BUILD else None
    if before is None or not isinstance(asset.body, SourceBody):
        return {}
    source = sources(asset.body.type)
    if not isinstance(source, Foreseeing) or recipe(before.ingredients) != recipe(step.ingredients):
        return {}
    try:
        units = source.units(asset, project.root)
        kept = loaded(before, units, lake)
        fresh = [unit for unit in units if unit.path not in kept]
        return source.foresee(asset, project.root, fresh, before.schema) if kept else {}
    except ThresherError:
        return {}  # the run tells what is wrong with the source
