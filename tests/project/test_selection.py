from pathlib import Path
from types import SimpleNamespace

import pytest

from thresher.errors import CommandError
from thresher.project.asset import Asset, SourceBody, SqlBody
from thresher.project.project import Project, order
from thresher.project.selection import select


def asset(name, *inputs, tags=(), suffix="sql"):
    body = SqlBody("", "", None) if inputs else SourceBody("files", {})
    path = f"src/{name.replace('.', '/')}.{suffix}"
    return Asset(name=name, path=path, body=body, inputs=inputs, tags=tags)


@pytest.fixture
def project():
    assets = {
        a.name: a
        for a in (
            asset("raw.flights", suffix="yaml", tags=("daily",)),
            asset("raw.planes", suffix="yaml"),
            asset("clean.flights", "raw.flights"),
            asset("clean.planes", "raw.planes", tags=("daily", "small")),
            asset("warehouse.use", "clean.flights", "clean.planes"),
            asset("warehouse.top", "warehouse.use"),
        )
    }
    ordered, faults = order(assets)
    assert not faults
    settings = SimpleNamespace()
    return Project(Path(), settings, ordered, {})


@pytest.mark.parametrize(
    ("selects", "excludes", "names"),
    [
        ([], [], "clean.flights clean.planes raw.flights raw.planes warehouse.top warehouse.use"),
        (["clean.flights"], [], "clean.flights"),
        (["Flights"], [], "clean.flights raw.flights"),
        (["clean.*"], [], "clean.flights clean.planes"),
        (["+warehouse.use"], ["raw.*"], "clean.flights clean.planes warehouse.use"),
        (["1+warehouse.use"], [], "clean.flights clean.planes warehouse.use"),
        (["raw.planes+"], [], "clean.planes raw.planes warehouse.top warehouse.use"),
        (["raw.planes+1"], [], "clean.planes raw.planes"),
        (["+clean.planes+"], [], "clean.planes raw.planes warehouse.top warehouse.use"),
        (["tag:daily"], [], "clean.planes raw.flights"),
        (["tag:daily,clean.*"], [], "clean.planes"),
        (["clean.planes raw.flights"], [], "clean.planes raw.flights"),
        (["clean.planes", "raw.flights"], [], "clean.planes raw.flights"),
        (["file:src/clean/planes.sql"], [], "clean.planes"),
        (["file:planes.sql"], [], "clean.planes"),
        (["path:src/raw"], [], "raw.flights raw.planes"),
        (["layer:warehouse"], [], "warehouse.top warehouse.use"),
        (["kind:source"], [], "raw.flights raw.planes"),
    ],
)
def test_selection(project, selects, excludes, names):
    assert sorted(select(project, selects, excludes)) == names.split()


@pytest.mark.parametrize(
    ("selects", "excludes", "told"),
    [
        (["clean.flihgts"], [], "did you mean `clean.flights`?"),
        (["tga:x"], [], "did you mean `tag`?"),
        (["tag:nothing"], [], "no asset matches"),
        (["tag:small,raw.*"], [], "matches every part"),
        (["clean.*"], ["clean.*"], "leaves nothing"),
        (["+"], [], "is not a selection"),
    ],
)
def test_a_selection_that_selects_nothing_is_refused(project, selects, excludes, told):
    with pytest.raises(CommandError) as caught:
        select(project, selects, excludes)
    assert told in str(caught.value)


def test_a_cycle_is_named_in_full():
    assets = {a.name: a for a in (asset("a.x", "a.y"), asset("a.y", "a.z"), asset("a.z", "a.x"))}
    _, (fault,) = order(assets)
    assert fault.what in {
        "a cycle: a.x -> a.y -> a.z -> a.x",
        "a cycle: a.y -> a.z -> a.x -> a.y",
        "a cycle: a.z -> a.x -> a.y -> a.z",
    }
