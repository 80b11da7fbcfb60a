"""What each build and each audit of a run waits for, and what keeps one from being begun."""

from __future__ import annotations

from collections.abc import Mapping

from thresher.errors import Fault, Place
from thresher.plan.plan import Action, Plan
from thresher.project.asset import Asset
from thresher.project.project import Project, audit_needs
from thresher.run.progress import Progress

Node = tuple[str, str]
"""`build` or `audit`, and the asset."""
BUILD, AUDIT = "build", "audit"


def graph_of(
    plan: Plan, project: Project, groups: Mapping[str, tuple[str, ...]]
) -> dict[Node, set[Node]]:
    """Give what each build and each audit waits for.

    Args:
        plan: what to do.
        project: what it was made of.
        groups: the assets that are audited together, by each of them.
    """
    active = {step.asset for step in plan.steps if step.action is not Action.KEEP}
    graph: dict[Node, set[Node]] = {}
    for step in plan.steps:
        if step.asset in active:
            graph[BUILD, step.asset] = {(AUDIT, name) for name in step.inputs if name in active}
            needed = audit_needs(step.asset, project.assets, groups)
            graph[AUDIT, step.asset] = {node for node in needed if node[1] in active}
    return graph


def blocked(node: Node, asset: Asset, progress: Mapping[str, Progress]) -> Fault | None:
    """Say which assets that failed keep another from being built, or audited."""
    phase, name = node
    step = progress[name].step
    needed, why = step.inputs, "was not published"
    if phase == AUDIT:
        needed, why = step.waits_for, "did not pass"
    bad = [each for each in needed if each in progress and progress[each].faults]
    if not bad:
        return None
    named = ", ".join(f"`{each}`" for each in bad)
    return Fault(f"blocked: it needs {named}, which {why}", Place(asset.path, asset=name))
