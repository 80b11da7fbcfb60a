"""What a plan can tell of the files before they are read: how they drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from thresher.errors import ThresherError
from thresher.plan.plan import Action, Plan, Step
from thresher.project.asset import SourceBody
from thresher.project.project import Project
from thresher.protocols import Foreseeing
from thresher.run.build import Sources, same_recipe
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
    if step.action is not Action.BUILD or not isinstance(asset.body, SourceBody):
        return {}
    source, before = sources(asset.body.type), same_recipe(lake, asset.name, step.ingredients)
    if before is None or not isinstance(source, Foreseeing):
        return {}
    try:
        units = source.units(asset, project.root)
        kept = loaded(before, units, lake)
        fresh = [unit for unit in units if unit.path not in kept]
        return source.foresee(asset, project.root, fresh, before.schema) if kept else {}
    except ThresherError:
        return {}  # the run tells what is wrong with the source
