"""A version is kept where what was read anew holds the same, whatever the source is."""

from __future__ import annotations

import pytest

import thresher
from thresher.events import AssetFinished

FILES = {
    "config.yaml": "pipeline: p\nrun: {backoff: 1ms}\n",
    "src/raw/a.yaml": "source: {files: 'data/*.csv', tolerate: 1}\n",
    "src/clean/b.sql": "select * from raw.a",
    "data/1.csv": "x,y\n1,a\n2,b\n2,b\n",
    "data/2.csv": "x,y\n3,c\n",
}


@pytest.fixture
def project(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(**files):
        write({f"data/{name}.csv": text for name, text in files.items()})
        done = {}

        def listen(event):
            if isinstance(event, AssetFinished):
                done[event.asset] = event.status

        result = thresher.open(tmp_path).run(listeners=[listen])
        assert result.exit_code == 0
        return done["raw.a"], done["clean.b"]

    write(FILES)
    run()
    run.root = tmp_path
    return run


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n2,b\n2,b\n1,a\n",
        '"x";"y"\r\n"1";"a"\r\n"2";"b"\r\n"2";"b"\r\n',
        "y,x\na,1\nb,2\nb,2\n",
    ],
    ids=["another order", "written otherwise", "columns in another order"],
)
def test_a_file_that_holds_the_same_rows_builds_nothing(project, text):
    assert project(**{"1": text}) == ("reused", "reused")
    assert project() == ("kept", "kept")
    plan = thresher.open(project.root).plan()
    assert not plan.changes
    partial = thresher.open(project.root).plan(select="clean.b")
    assert not partial.step("raw.a").stale


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n1,a\n1,a\n2,b\n",
        "x,y\n1,a\n2,b\n2,\n",
        "x,y\n1,a\n2,b\n",
        "x,y\n1.5,a\n2,b\n2,b\n",
        "x,y,z\n1,a,\n2,b,\n2,b,\n",
    ],
    ids=["as many of another", "a null", "one fewer", "another type", "another column"],
)
def test_a_file_that_holds_others_builds_what_stands_on_it(project, text):
    assert project(**{"1": text}) == ("built", "built")
    assert project() == ("kept", "kept")


def test_what_became_of_each_input_counts_as_well(project):
    # The rows are the same, but a file more was set aside, which has to be told.
    assert project(**{"3": "x,y\n1\n"}) == ("built", "built")
    (refused,) = thresher.open(project.root).run().refused
    assert refused[1].unit.path == "data/3.csv"


def test_a_file_that_came_back_is_what_it_was(project):
    before = FILES["data/1.csv"]
    assert project(**{"1": "x,y\n9,z\n"}) == ("built", "built")
    assert project(**{"1": before}) == ("reused", "reused")


def test_a_change_after_that_is_found(project):
    project(**{"1": "x,y\n2,b\n2,b\n1,a\n"})
    plan = thresher.open(project.root).plan()
    assert not plan.changes
    assert project(**{"1": "x,y\n2,b\n1,a\n"}) == ("built", "built")
    # What holds the rows of a version is found for that version, and for no other.
    assert project(**{"1": "x,y\n2,b\n2,b\n1,a\n"}) == ("reused", "reused")
    rows = thresher.open(project.root).query("select count(*) from clean.b").rows
    assert rows == ((4,),)


def test_a_full_refresh_reads_and_writes_all_anew(project):
    result = thresher.open(project.root).run(full_refresh=True)
    assert {outcome.status for outcome in result.outcomes} == {"built"}
