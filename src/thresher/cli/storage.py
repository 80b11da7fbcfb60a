"""Commands for object storage: S3, and whatever speaks like it; inside of a project or not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from thresher.api.storage import storage_settings
from thresher.cli import transfers
from thresher.cli.options import debug_option, format_option, print_json
from thresher.errors import CommandError, ThresherError
from thresher.observe import console
from thresher.observe.wording import counted, moment
from thresher.sizes import spell_size
from thresher.storage.objects import ENCRYPTIONS, Location, is_url
from thresher.storage.outcomes import Removal
from thresher.storage.partial import leftovers, remove_leftover
from thresher.storage.s3 import Store

Command = TypeVar("Command", bound=Callable[..., Any])


def service_options(command: Command) -> Command:
    """Add the options that say which service is spoken to, and in which project's name."""
    for option in reversed(
        (
            click.option("--endpoint", metavar="URL", help="Address of a service other than AWS."),
            click.option("--region", metavar="NAME", help="Region; the SDK's unless told."),
            click.option("--profile", metavar="NAME", help="Profile of the SDK's configuration."),
            click.option(
                "--workers", type=click.IntRange(1, 256), help="Requests at the same time."
            ),
            click.option(
                "--project",
                "-C",
                "folder",
                type=click.Path(exists=True, file_okay=False),
                help="Project whose section `s3:` counts; the one you are in, if any.",
            ),
            click.option("--env", "-e", "environment", metavar="NAME", help="Its environment."),
            debug_option,
        )
    ):
        command = option(command)
    return command


def opened(folder: str | None, environment: str | None, **given: Any) -> Store:
    """Make the store of a command: what the project says, and over it the command's own options."""
    settings = storage_settings(
        Path(folder or "."), environment=environment, required=folder is not None
    )
    told = {name: value for name, value in given.items() if value is not None}
    try:
        return Store(replace(settings.options, **told))
    except ThresherError as error:
        error.rewrite(settings.masker.text)
        raise


@click.group(epilog="Example: thresher storage put data_raw s3://grain/raw/")
def storage() -> None:
    """Store, list, fetch, verify and clean objects in S3, or in what speaks like it.

    A URL is an object (s3://grain/raw/a.csv), a prefix (s3://grain/raw/) or a glob
    (s3://grain/raw/*.csv, s3://grain/**/*.csv). Credentials are found as the AWS SDK finds them.
    """


@storage.command(epilog="Example: thresher storage put report.csv s3://grain/reports/")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("url")
@click.option("--encryption", type=click.Choice(ENCRYPTIONS), help="Encryption at the service.")
@click.option("--kms-key", metavar="KEY", help="Id, alias or ARN of the key for aws:kms.")
@click.option("--storage-class", metavar="NAME", help="Such as STANDARD_IA.")
@click.option("--again", is_flag=True, help="Send also what is there already.")
@format_option()
@service_options
def put(
    *,
    paths: Sequence[Path],
    url: str,
    again: bool,
    form: str,
    folder: str | None,
    environment: str | None,
    **given: Any,
) -> None:
    """Store files, or the files of folders, below a URL that ends in `/`; one file also as URL.

    The service holds each against its SHA-256. Of several files, those that are there already with
    the same content are left. A transfer that was broken off goes on where it stopped.
    """
    store, began = opened(folder, environment, **given), time.monotonic()
    with transfers.shown(sys.stderr) as progress:
        done = store.put_all(paths, url, again=again, progress=progress)
    transfers.tell(done, "stored", time.monotonic() - began, form)


@storage.command(name="list", epilog="Example: thresher storage list 's3://grain/raw/*.csv'")
@click.argument("url")
@format_option()
@service_options
def list_(
    *, url: str, form: str, folder: str | None, environment: str | None, **given: Any
) -> None:
    """List the objects that a URL stands for, however many."""
    found = list(opened(folder, environment, **given).list(url))
    total = sum(each.size for each in found)
    if form == "json":
        objects = [{**asdict(each), "key": each.key} for each in found]
        print_json({"format": 1, "bytes": total, "objects": objects})
        return
    if found:
        rows = [(moment(each.modified), spell_size(each.size), each.url) for each in found]
        headers = ("stored (UTC)", "size", "object")
        click.echo(console.table(headers, rows, stream=sys.stdout, right=("size",)), nl=False)
    click.echo(f"{counted(len(found), 'object')}, {spell_size(total)}", err=True)


@storage.command(epilog="Example: thresher storage get 's3://grain/raw/*.csv' data_raw")
@click.argument("url")
@click.argument("target", default=".", type=click.Path(path_type=Path))
@click.option("--again", is_flag=True, help="Fetch also what is there already.")
@format_option()
@service_options
def get(
    *,
    url: str,
    target: Path,
    again: bool,
    form: str,
    folder: str | None,
    environment: str | None,
    **given: Any,
) -> None:
    """Fetch an object to a file or a folder, or all that a prefix or a glob stands for.

    Each is held against its checksum, and gets its name only when that is right. A transfer that
    was broken off goes on where it stopped.
    """
    store, began = opened(folder, environment, **given), time.monotonic()
    with transfers.shown(sys.stderr) as progress:
        done = store.get_all(url, target, again=again, progress=progress)
    transfers.tell(done, "fetched", time.monotonic() - began, form)


@storage.command(epilog="Example: thresher storage verify data_raw s3://grain/raw/")
@click.argument("what", nargs=-1, required=True, metavar="[PATH] URL")
@click.option("--read", "reading", is_flag=True, help="Read the objects, whatever was recorded.")
@format_option()
@service_options
@click.pass_context
def verify(
    context: click.Context,
    /,
    *,
    what: Sequence[str],
    reading: bool,
    form: str,
    folder: str | None,
    environment: str | None,
    **given: Any,
) -> None:
    """Hold a file or a folder against objects, or (a URL alone) objects against their checksums.

    Exit code 1 says that something differs, is missing, or has no checksum to be held against.
    """
    urls = [each for each in what if is_url(each)]
    paths = [Path(each) for each in what if not is_url(each)]
    if len(urls) != 1 or len(paths) > 1:
        raise click.UsageError("takes one URL, and one path where it is compared with files")
    store = opened(folder, environment, **given)
    with transfers.shown(sys.stderr) as progress:
        found = tuple(
            store.verify(urls[0], paths[0] if paths else None, reading=reading, progress=progress)
        )
    transfers.tell_verified(found, form)
    context.exit(0 if all(each.ok for each in found) else 1)


@storage.command(epilog="Example: thresher storage clean s3://grain/tmp/ --older-than 7d")
@click.argument("target", required=False)
@click.option("--prefix", metavar="PREFIX", help="Prefix as a URL, or below TARGET's bucket.")
@click.option("--older-than", metavar="DURATION", help="Age below which nothing goes, such as 7d.")
@click.option("--whole-bucket", is_flag=True, help="Allow a URL without any prefix.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@format_option()
@service_options
def clean(
    *,
    target: str | None,
    prefix: str | None,
    older_than: str | None,
    whole_bucket: bool,
    dry_run: bool,
    yes: bool,
    form: str,
    folder: str | None,
    environment: str | None,
    **given: Any,
) -> None:
    """Remove objects below a prefix, and what broken transfers left there.

    Uploads in parts that never ended count as well. A TARGET that is a folder of this machine is
    cleaned of the partial files of downloads that were broken off.
    """
    age = _age(older_than)
    if target is not None and prefix is None and not is_url(target):
        _clean_folder(Path(target), age, dry_run=dry_run, yes=yes, form=form)
        return
    store = opened(folder, environment, **given)
    url = _url(target, prefix, store.options.bucket)
    found = store.clean(url, older_than=age, whole_bucket=whole_bucket, dry_run=True)

    def remove() -> tuple[Removal, ...]:
        return store.clean(url, older_than=age, whole_bucket=whole_bucket, only=set(found))

    _remove(found, remove, dry_run=dry_run, yes=yes, form=form)


def _clean_folder(path: Path, age: timedelta, *, dry_run: bool, yes: bool, form: str) -> None:
    if not path.is_dir():
        raise CommandError(
            f"`{path}` is no folder, and no URL of a prefix",
            hint="write a prefix as `s3://bucket/prefix/`",
        )
    found = tuple(leftovers(path, datetime.now(UTC) - age))

    def remove() -> tuple[Removal, ...]:
        return tuple(each for each in found if remove_leftover(Path(each.name)))

    _remove(found, remove, dry_run=dry_run, yes=yes, form=form)


def _remove(
    found: Sequence[Removal],
    remove: Callable[[], Sequence[Removal]],
    *,
    dry_run: bool,
    yes: bool,
    form: str,
) -> None:
    """Show what was found, ask, remove it, and report."""
    asking = bool(found) and not dry_run and not yes
    if form == "text" or asking:
        transfers.tell_found(found, stream=sys.stdout if form == "text" else sys.stderr)
    if asking:
        if not sys.stdin.isatty():
            raise CommandError(
                "nothing was removed: nobody can be asked here",
                hint="say `--yes` to remove what was listed, or `--dry-run` only to see it",
            )
        click.confirm(f"remove {transfers.removals(found)}?", abort=True, err=True)
    removed = found if dry_run or not found else remove()
    if form == "json":
        print_json(
            {
                "format": 1,
                "dry_run": dry_run,
                "bytes": sum(each.size for each in removed),
                "removed": [asdict(each) for each in removed],
            }
        )
    elif not found:
        click.echo("nothing to remove")
    else:
        click.echo(f"{'would remove' if dry_run else 'removed'} {transfers.removals(removed)}")


def _age(text: str | None) -> timedelta:
    if text is None:
        return timedelta(0)
    # Nothing else here needs what reads configuration.
    from thresher.project.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.UsageError(f"`--older-than` {error}") from None


def _url(target: str | None, prefix: str | None, bucket: str | None) -> str:
    if prefix is not None and is_url(prefix):
        if target is not None:
            raise click.UsageError("takes TARGET or a URL as `--prefix`, not both")
        return prefix
    if target is None and prefix is None:
        raise click.UsageError("needs a prefix: `s3://bucket/tmp/`, or `--prefix tmp/`")
    if target is None:
        if bucket is None:
            raise CommandError(
                f"`--prefix {prefix}` says no bucket",
                hint="write it as `s3://bucket/...`, or set `bucket:` below `s3:` in config.yaml",
            )
        return str(Location(bucket, prefix or ""))
    base = Location.parse(target)
    return str(base.below(prefix)) if prefix else str(base)
