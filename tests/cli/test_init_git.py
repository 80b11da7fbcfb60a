"""`thresher init --git`: a repository of its own, with a first commit that holds everything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUBJECT = "feat: add the shop pipeline, as thresher init writes it"
#: Conventional Commits 1.0.0: a type, a scope that may be left out, and a description.
CONVENTIONAL = re.compile(r"(feat|fix|docs|ci|build|test|chore)(\([a-z]+\))?!?: [a-z].{1,70}")


@pytest.fixture
def home(tmp_path):
    """Give a home of its own, so that git knows nothing of who runs the tests."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def call(tmp_path, home):
    """Run a command in a folder beside `home`, as somebody whose git is as it was installed."""
    work = tmp_path / "work"
    work.mkdir()
    # The environment of whoever runs the tests, without what it says to git.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    kept |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(ROOT / "src")}
    kept.pop("XDG_CONFIG_HOME", None)
    kept.pop("EMAIL", None)

    def run(*command, at=work, **variables):
        return subprocess.run(
            command, cwd=at, capture_output=True, text=True, check=False, env={**kept, **variables}
        )

    return run


@pytest.fixture
def work(tmp_path, call):
    return tmp_path / "work"


@pytest.fixture
def named(home):
    """Tell git who commits, the way people do."""
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    return home / ".gitconfig"


def init(call, name="shop", **variables):
    return call(sys.executable, "-m", "thresher", "init", name, "--git", **variables)


def git(call, *arguments, at):
    done = call("git", *arguments, at=at)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_first_commit_holds_all_that_was_written(call, work, named):
    before = named.read_bytes()
    done = init(call)
    assert (done.returncode, done.stderr) == (0, "")

    shop = work / "shop"
    assert git(call, "log", "--format=%s|%an <%ae>", at=shop) == f"{SUBJECT}|Ada <ada@example.com>"
    assert CONVENTIONAL.fullmatch(SUBJECT)
    assert git(call, "branch", "--show-current", at=shop) == "main"
    assert git(call, "status", "--short", "--ignored", at=shop) == ""
    files = [path for path in shop.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert sorted(git(call, "ls-files", at=shop).splitlines()) == sorted(
        path.relative_to(shop).as_posix() for path in files
    )
    commit = git(call, "rev-parse", "--short", "HEAD", at=shop)
    assert f"committed {commit} on main: {SUBJECT}\n" in done.stdout
    assert "author" not in done.stdout
    assert named.read_bytes() == before


def test_what_is_told_to_push_pushes(call, work, named):
    done = init(call)
    (remote,) = re.findall(
        r"push: (git remote add origin )\S+( && git push -u origin main)", done.stdout
    )
    call("git", "init", "--quiet", "--bare", "remote.git")
    pushed = call("sh", "-c", f"{remote[0]}{work}/remote.git{remote[1]}", at=work / "shop")
    assert pushed.returncode == 0, pushed.stderr
    assert git(call, "log", "main", "--format=%s", at=work / "remote.git") == SUBJECT


def test_a_clone_is_a_project_that_works(call, work, named):
    init(call)
    git(call, "clone", "--quiet", "shop", "copy", at=work)
    for command in (("validate",), ("run", "--quiet"), ("docs", "check")):
        done = call(sys.executable, "-m", "thresher", *command, at=work / "copy")
        assert done.returncode == 0, done.stderr


def test_where_git_does_not_know_who_commits_the_account_does(call, work, home):
    done = init(call)
    assert (done.returncode, done.stderr) == (0, "")
    author = git(call, "log", "--format=%an <%ae>", at=work / "shop")
    assert re.fullmatch(r"\S+ <\S+@\S+>", author)
    assert f"  author: {author}, since git has no user.name and user.email" in done.stdout
    assert "git commit --amend --reset-author" in done.stdout
    assert not (home / ".gitconfig").exists()
    assert "user" not in git(call, "config", "--local", "--list", at=work / "shop")


def test_what_git_knows_of_a_name_is_used(call, work, home):
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n")
    done = init(call)
    assert re.search(r"author: Ada <\S+@\S+>, since", done.stdout)
    assert git(call, "log", "--format=%an", at=work / "shop") == "Ada"


def test_a_name_in_the_environment_is_known(call, work):
    people = {"GIT_AUTHOR_NAME": "Bo", "GIT_AUTHOR_EMAIL": "bo@example.com"}
    people |= {"GIT_COMMITTER_NAME": "Bo", "GIT_COMMITTER_EMAIL": "bo@example.com"}
    done = init(call, **people)
    assert "author:" not in done.stdout
    assert git(call, "log", "--format=%an %ce", at=work / "shop") == "Bo bo@example.com"


def test_who_wants_no_name_made_up_gets_none(call, work, home):
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = yes\n")
    done = init(call)
    assert done.returncode == 1
    assert "made `shop`" in done.stdout
    assert "`git commit` failed" in done.stderr
    assert "user.email" in done.stderr
    assert f"hint: the project is complete and staged; in `shop`: git commit -m '{SUBJECT}'" in (
        done.stderr
    )
    assert "README.md" in git(call, "diff", "--cached", "--name-only", at=work / "shop")


def test_a_hook_that_refuses_is_told_with_its_words(call, work, home, named):
    (home / "hooks").mkdir()
    hook = home / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'not on Sundays' >&2\nexit 1\n")
    hook.chmod(0o755)
    named.write_text(named.read_text() + f"[core]\n\thooksPath = {home}/hooks\n")
    done = init(call)
    assert done.returncode == 1
    assert "error: `git commit` failed: not on Sundays" in done.stderr
    assert (work / "shop" / "config.yaml").is_file()


def test_inside_a_repository_nothing_is_written(call, work, named):
    git(call, "init", "--quiet", at=work)
    for name in ("shop", "deep/er/shop"):
        done = init(call, name)
        assert done.returncode == 2
        assert (
            f"error: `{name}` would be a repository inside the repository `{work}`" in done.stderr
        )
        assert f"`git add {name}` adds it" in done.stderr
    assert [path.name for path in work.iterdir()] == [".git"]


def test_another_repository_is_never_touched(call, work, tmp_path, named):
    """As in a hook, where git has told its own process which repository it is about."""
    git(call, "init", "--quiet", str(tmp_path / "other"), at=work)
    other = str(tmp_path / "other" / ".git")
    done = init(call, GIT_DIR=other, GIT_WORK_TREE=str(tmp_path / "other"))
    assert done.returncode == 0, done.stderr
    assert git(call, "log", "--format=%s", at=work / "shop") == SUBJECT
    assert call("git", "log", at=tmp_path / "other").returncode != 0


def test_a_list_of_ignored_files_of_ones_own_leaves_nothing_out(call, work, home, named):
    (home / "ignored").write_text("*.csv\n.env*\nMakefile\n")
    named.write_text(named.read_text() + f"[core]\n\texcludesFile = {home}/ignored\n")
    assert init(call).returncode == 0
    files = git(call, "ls-files", at=work / "shop").splitlines()
    assert {".env.example", "Makefile", "data_raw/customers.csv"} <= set(files)


def test_without_git_the_project_stays_and_it_is_told(call, work, tmp_path):
    (tmp_path / "bin").mkdir()
    done = init(call, PATH=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert "made `shop`" in done.stdout
    assert "error: git is not installed, so `shop` is no repository\n" in done.stderr
    assert f"git init && git add --all && git commit -m '{SUBJECT}'" in done.stderr
    assert (work / "shop" / "config.yaml").is_file()
    assert not (work / "shop" / ".git").exists()
    assert shutil.which("git")


def test_without_the_option_there_is_no_repository(call, work, named):
    done = call(sys.executable, "-m", "thresher", "init", "shop")
    assert done.returncode == 0
    assert not (work / "shop" / ".git").exists()
    assert "push" not in done.stdout
