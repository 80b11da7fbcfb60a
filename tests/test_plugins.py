"""Plug-ins, tried with real packages: a module and the metadata that `pip install` leaves."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from thresher import plugins
from thresher.errors import CommandError, Place

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with one entry point, as pip would leave it."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def package(name: str, *, group: str, entry: str, code: str = "") -> None:
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        metadata = tmp_path / f"{module}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        importlib.invalidate_caches()

    yield package
    for module in set(sys.modules) - before:
        del sys.modules[module]


@pytest.mark.parametrize(
    ("socket", "target"),
    [(socket, target) for socket, table in plugins.BUILT_IN.items() for target in table.values()],
)
def test_a_built_in_is_loaded_by_its_name(socket: plugins.Socket, target: str) -> None:
    name = next(key for key, value in plugins.BUILT_IN[socket].items() if value == target)
    module, _, attribute = target.partition(":")
    loaded = plugins.load(socket, name)
    assert (loaded.__module__, loaded.__qualname__) == (module, attribute)


def test_a_package_adds_a_source_by_an_entry_point(install: Install) -> None:
    install(
        "thresher-kafka",
        group="thresher.sources",
        entry="kafka = thresher_kafka:KafkaSource",
        code="class KafkaSource: pass\n",
    )
    loaded = plugins.load("sources", "kafka")
    assert (loaded.__module__, loaded.__name__) == ("thresher_kafka", "KafkaSource")
    assert plugins.names("sources") == ("databases", "files", "kafka", "stand_ins")


def test_a_package_adds_to_its_own_socket_only(install: Install) -> None:
    install("thresher-kafka", group="thresher.sources", entry="kafka = thresher_kafka:KafkaSource")
    assert "kafka" not in plugins.names("engines")
    with pytest.raises(CommandError, match="there is no engine `kafka`"):
        plugins.load("engines", "kafka")


def test_a_package_cannot_take_the_name_of_a_built_in(install: Install) -> None:
    install(
        "thresher-thief",
        group="thresher.sources",
        entry="files = thresher_thief:Thief",
        code="class Thief: pass\n",
    )
    assert plugins.load("sources", "files").__module__ == "thresher.sources.files"
    assert plugins.names("sources") == ("databases", "files", "stand_ins")


def test_listing_names_loads_nothing(install: Install) -> None:
    install(
        "thresher-slow",
        group="thresher.engines",
        entry="slow = thresher_slow:Slow",
        code="raise RuntimeError('loaded')\n",
    )
    assert plugins.names("engines") == ("duckdb", "slow")


def test_an_unknown_name_is_told_with_its_place_and_the_nearest() -> None:
    place = Place(path="src/raw/flights.yaml", line=3)
    with pytest.raises(CommandError) as caught:
        plugins.load("sources", "file", place=place)
    assert str(caught.value) == (
        "src/raw/flights.yaml:3: there is no source `file`\n  hint: did you mean `files`?"
    )


def test_a_name_like_no_other_is_told_with_all_that_there_are() -> None:
    with pytest.raises(CommandError) as caught:
        plugins.load("engines", "xyzzy")
    assert caught.value.fault.hint == "known engines: `duckdb`"


def test_two_packages_with_one_name_are_refused(install: Install) -> None:
    for name in ("one-kafka", "two-kafka"):
        module = name.replace("-", "_")
        install(name, group="thresher.sources", entry=f"kafka = {module}:Kafka")
    with pytest.raises(
        CommandError, match="several packages bring a source `kafka`: `one-kafka`, "
    ):
        plugins.load("sources", "kafka")


@pytest.mark.parametrize(
    ("code", "cause"),
    [("import no_such_module\n", ModuleNotFoundError), ("", AttributeError)],
    ids=["a module is missing", "the class is missing"],
)
def test_a_broken_package_is_named(install: Install, code: str, cause: type[Exception]) -> None:
    install(
        "thresher-broken",
        group="thresher.engines",
        entry="broken = thresher_broken:Broken",
        code=code,
    )
    with pytest.raises(CommandError, match="from the package `thresher-broken`") as caught:
        plugins.load("engines", "broken")
    assert isinstance(caught.value.__cause__, cause)


def test_importing_the_table_imports_no_implementation() -> None:
    code = "import sys, thresher.plugins; print([m for m in sys.modules if 'engines' in m])"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"
