"""`--resume` and `--retry-failed`: going on with the last run, as it was asked for."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from stopped_shop import ENDLESS, function

from thresher.errors import CommandError

BROKEN = "select error('broken') as x from raw.orders"


def asked(shop) -> dict:
    return shop.open().past_run().run.asked


def test_what_a_run_was_asked_for_is_in_the_history(shop):
    shop.write({"src/warehouse/made.py": function("pass")})
    shop.run(params={"least": "2"}, select="clean.orders +clean.orders", exclude=["kind:python"])
    found = asked(shop)
    assert found["select"] == ["clean.orders +clean.orders"]
    assert found["exclude"] == ["kind:python"]
    assert found["params"] == {"least": 2}
    assert (found["sample"], found["full_refresh"], found["resumes"]) == (None, False, None)


def test_resume_asks_for_the_same_and_builds_what_was_not_finished(shop, starts, wait_for):
    """Killed by a signal that nothing can answer: what was asked for is in the history."""
    late = "/* ---\nvolatile: run\n--- */\nselect $run_time as t, count(*) as n from raw.orders"
    shop.write(
        {
            "src/clean/late.sql": late,
            "src/clean/slow.sql": ENDLESS,
            "src/warehouse/other.sql": "select 1 as x",
        }
    )
    process = starts("run", "--select", "+clean.*", "--param", "least=2")
    wait_for(lambda: "built clean.late" in shop.logged(), process)
    wait_for(lambda: "built clean.orders" in shop.logged(), process)
    process.kill()
    process.wait()
    before = shop.open().past_run().run
    assert before.status == "died"
    shop.write({"src/clean/slow.sql": "select 1 as x"})
    done = shop.command("run", "--resume")
    assert done.returncode == 0, done.stderr
    after = shop.open().past_run().run
    assert after.asked == before.asked | {"resumes": before.id}
    statuses = dict(shop.history(f"select asset, status from steps where run = '{after.id}'"))
    assert statuses == {
        "raw.orders": "reused",
        "clean.orders": "reused",
        "clean.late": "reused",
        "clean.slow": "built",
    }
    (moment,) = shop.open().query("select t from clean.late").rows[0]
    assert moment.isoformat() == before.asked["run_time"]
    assert shop.open().query("select id from clean.orders").rows == ((2,),)


def test_a_full_refresh_that_is_resumed_builds_nothing_twice(shop):
    shop.run()
    first = shop.open().table("raw.orders").files
    shop.write({"src/clean/broken.sql": BROKEN})
    shop.run(full_refresh=True)
    assert shop.done["raw.orders"] == shop.done["clean.orders"] == "built"
    shop.write({"src/clean/broken.sql": BROKEN.replace("error('broken')", "error('still')")})
    shop.run_of(shop.open().resumed())
    assert shop.done["raw.orders"] == "reused"
    shop.write({"src/clean/broken.sql": "select 1 as x"})
    result = shop.run_of(shop.open().resumed())
    assert result.status == "published"
    assert (shop.done["raw.orders"], shop.done["clean.orders"]) == ("reused", "reused")
    assert shop.open().table("raw.orders").files != first


def test_retry_failed_takes_what_failed_and_what_stands_on_it(shop):
    shop.write(
        {
            "src/clean/broken.sql": BROKEN,
            "src/warehouse/after.sql": "select * from clean.broken, clean.orders",
            "src/warehouse/apart.sql": "select 1 as x",
        }
    )
    shop.run()
    shop.write({"src/clean/broken.sql": "select 1 as y"})
    done = shop.command("run", "--retry-failed")
    assert done.returncode == 0, done.stderr
    run = shop.open().past_run()
    assert {(step.asset, step.status) for step in run.steps} == {
        ("raw.orders", "reused"),  # nothing of that run was published, and this stands on it
        ("clean.orders", "reused"),
        ("clean.broken", "built"),
        ("warehouse.after", "built"),
    }
    with pytest.raises(Exception, match="apart"):
        shop.open().query("from warehouse.apart")


def test_retry_failed_of_what_was_partly_published_looks_after_nothing_else(shop):
    shop.write({"src/clean/broken.sql": BROKEN})
    shop.run(publish_what_passed=True)
    shop.write({"src/clean/broken.sql": "select id from raw.orders"})
    shop.run_of(shop.open().resumed(failed_only=True))
    worked = {name: status for name, status in shop.done.items() if status != "kept"}
    assert worked == {"clean.broken": "built"}


def test_retry_failed_takes_what_stands_on_it_though_that_run_was_not_asked_for_it(shop):
    shop.write({"src/warehouse/after.sql": "select count(*) as n from clean.orders"}).run()
    shop.write({"src/clean/orders.sql": BROKEN}).run(select="clean.orders")
    shop.write({"src/clean/orders.sql": "from raw.orders where id > 1"})
    shop.run_of(shop.open().resumed(failed_only=True))
    assert shop.open().query("from warehouse.after").rows == ((1,),)


def test_retry_failed_takes_what_was_not_begun(shop):
    config = "pipeline: p\nparams: {least: 1}\nrun: {workers: 1, timeout: 1s}\n"
    shop.write({"config.yaml": config, "src/clean/slow.sql": ENDLESS})
    shop.write({"src/warehouse/zlast.sql": "from clean.orders where exists (from clean.slow)"})
    shop.run()
    shop.write({"config.yaml": config.replace("1s", "10m"), "src/clean/slow.sql": "select 1 as x"})
    shop.run_of(shop.open().resumed(failed_only=True))
    assert shop.done["warehouse.zlast"] == "built"


@pytest.mark.parametrize("way", ["--resume", "--retry-failed"])
def test_where_there_is_nothing_to_go_on_with_that_is_said(shop, way):
    none = shop.command("run", way)
    assert none.returncode == 2
    assert "there is no run of `dev` to go on with" in none.stderr
    shop.run()
    well = shop.command("run", way)
    assert well.returncode == 2
    assert "there is nothing to go on with: the last run of `dev`" in well.stderr
    assert "ended well (published)" in well.stderr
    assert shop.command("run", way, "--env", "prod").returncode == 2


@pytest.mark.parametrize(
    "extra", [["--select", "raw.orders"], ["--sample", "1%"], ["--full-refresh"], ["--resume"]]
)
def test_it_is_given_nothing_that_it_takes_from_that_run(shop, extra):
    way = "--retry-failed" if extra == ["--resume"] else "--resume"
    done = shop.command("run", way, *extra)
    assert done.returncode == 2
    assert way in done.stderr
    shop.write({"src/clean/broken.sql": BROKEN}).run()
    with pytest.raises(CommandError, match="takes its assets"):
        shop.open().resumed().run(select="raw.orders")


def test_a_secret_parameter_is_not_kept_and_asked_for_again(shop):
    config = "pipeline: p\nparams: {least: 1, api_key: none-at-all}\n"
    shop.write({"config.yaml": config, "src/clean/broken.sql": BROKEN})
    shop.run(params={"api_key": "hunter2-and-more"})
    assert asked(shop)["params"] == {"api_key": "***"}
    done = shop.command("run", "--resume")
    assert done.returncode == 2
    assert "was given `api_key`, which is secret and not kept" in done.stderr
    assert "--param api_key=" in done.stderr
    shop.write({"src/clean/broken.sql": "select 1 as x"})
    assert shop.command("run", "--resume", "--param", "api_key=hunter3-and-more").returncode == 0


def test_parameters_come_back_as_the_values_that_they_were(shop):
    config = (
        "pipeline: p\nparams: {least: 1, since: 2020-01-01, rate: 0.5, names: [a, b], at: x,"
        " then: 2020-01-01T10:00:00Z}\n"
    )
    shop.write({"config.yaml": config, "src/clean/broken.sql": BROKEN})
    given = {"since": "2026-02-03", "rate": "2", "names": "c,d", "at": "12"}
    given["then"] = "2026-02-03T10:00:00+01:00"
    project = shop.open(params=given)
    shop.run_of(project)
    assert shop.open().resumed().project.settings.params == project.project.settings.params


def old_history(shop) -> None:
    """Make the history what an earlier version of Thresher left."""
    with closing(sqlite3.connect(shop.root / ".thresher" / "history.sqlite")) as connection:
        connection.execute("alter table runs drop column asked")
        connection.execute("alter table runs drop column planned")
        connection.execute("alter table steps drop column wait")
        connection.execute("pragma user_version = 3")
        connection.commit()


def test_a_history_of_an_earlier_version_is_read_and_written(shop):
    shop.write({"src/clean/broken.sql": BROKEN}).run()
    old_history(shop)
    assert "broken" in shop.command("runs", "show").stdout
    old_history(shop)
    done = shop.command("run", "--resume")
    assert done.returncode == 2
    assert "did not note what it was asked for" in done.stderr
    old_history(shop)
    shop.run()
    assert [row.asked is None for row in shop.open().runs()] == [False, True]


def test_what_is_gone_from_the_project_is_said(shop):
    shop.write({"src/clean/broken.sql": BROKEN}).run()
    shop.write({"src/clean/broken.sql": None})
    done = shop.command("run", "--retry-failed")
    assert done.returncode == 2
    assert "`clean.broken` is no longer in the project" in done.stderr


def test_only_what_failed_is_called_again(shop):
    shop.write({"src/warehouse/made.py": function("pass"), "src/clean/broken.sql": BROKEN}).run()
    shop.write({"src/clean/broken.sql": "select 1 as x"})
    assert shop.run_of(shop.open().resumed()).ok
    assert shop.calls == 1
