"""A copy of a project is cheap, complete, and has no way back to the original."""

from __future__ import annotations

from thresher.testing import copies


def test_small_files_are_copied_and_large_ones_linked(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "LINKED_FROM", 100)
    shop.write({"data_raw/large.csv": "x" * 100, "data_raw/deep/small.csv": "x" * 99})
    made = copies.copy_project(shop.root, tmp_path / "copy")
    large, small = made.root / "data_raw/large.csv", made.root / "data_raw/deep/small.csv"
    assert large.is_symlink()
    assert large.resolve() == (shop.root / "data_raw/large.csv").resolve()
    assert not small.is_symlink()
    small.write_text("changed")
    assert (shop.root / "data_raw/deep/small.csv").read_text() == "x" * 99


def test_what_runs_and_tools_leave_is_not_copied(shop, tmp_path):
    left = (
        "warehouse/dev.duckdb",
        "logs/thresher.log",
        "reports/x/report.json",
        ".git/HEAD",
        "data_clean/x.parquet",
        ".thresher/history.sqlite",
        "src/__pycache__/x.pyc",
        "my_env/pyvenv.cfg",
        "lake_elsewhere/publications/dev/1.json",
    )
    kept = ("queries/top.sql", "lib/shared.py", "src/shared/__init__.py", ".env")
    shop.write(dict.fromkeys((*left, *kept), "x"))
    made = copies.copy_project(shop.root, tmp_path / "copy")
    assert [path for path in left if (made.root / path).exists()] == []
    assert [path for path in kept if not (made.root / path).is_file()] == []


def test_resources_take_the_place_of_the_raw_data(shop, tmp_path):
    resources = shop.root / "tests" / "resources"
    made = copies.copy_project(shop.root, tmp_path / "copy", resources)
    assert (made.root / "data_raw/orders.csv").read_bytes() == (
        resources / "orders.csv"
    ).read_bytes()
    plain = copies.copy_project(shop.root, tmp_path / "plain")
    assert "real" in (plain.root / "data_raw/orders.csv").read_text()


def test_a_copy_inside_the_project_does_not_copy_itself(shop):
    made = copies.copy_project(shop.root, shop.root / "tmp" / "copy")
    assert not (made.root / "tmp").exists()
    assert made.open().run().ok


def test_links_to_folders_stay_links(shop, tmp_path):
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "orders.csv").write_text("id,customer,amount\n1,m,5\n")
    (shop.root / "data_raw" / "orders.csv").unlink()
    (shop.root / "data_raw").rmdir()
    (shop.root / "data_raw").symlink_to(tmp_path / "mounted")
    made = copies.copy_project(shop.root, tmp_path / "copy")
    assert (made.root / "data_raw").is_symlink()
    project = made.open()
    assert project.run().ok
    assert project.query("select customer from clean.orders").rows == (("m",),)


def test_a_large_linked_file_is_read_like_any_other(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "LINKED_FROM", 1)
    made = copies.copy_project(shop.root, tmp_path / "copy")
    assert (made.root / "data_raw/orders.csv").is_symlink()
    assert made.open().run().ok
    assert (made.root / "config.yaml").is_file()
