"""``bonafide backup`` and ``bonafide restore``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from bonafide.instance import Instance
from bonafide.safekeeping import archive


@click.command(epilog="Example: bonafide backup /mnt/safe/2026-11-25.bonafide")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--with-keys",
    is_flag=True,
    help="Put keys/ in as well. Whoever has them can sign evidence and cookies in your name: encrypt the file then.",
)
@click.option("--check", is_flag=True, help="Make none: read this one to its end, offline, and verify every digest in it.")
def backup(file: Path, with_keys: bool, check: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Back up the database, the documents and the operator's file into FILE, while the console serves.

    Logs, letters and static files are not in it. The journal of erasures is not either: it must not be put back with the rest.
    """
    if check:
        _check(file)
        return
    from bonafide.cli import start_django
    from bonafide.safekeeping.back_up import CannotBackUp, back_up
    from bonafide.serving import missing_migrations

    start_django()
    if missing_migrations():
        raise CannotBackUp(
            "the database is not up to date with this version: start 'bonafide serve' once, or use the version before"
        )
    done = back_up(instance=Instance.here(), file=file, with_keys=with_keys, now=datetime.now(UTC))
    keys = "with keys" if with_keys else "without keys: keep a copy of keys/ elsewhere"
    click.echo(f"{file}: the database, {done.documents} documents and operator.toml, {done.size / 2**20:.1f} MB, {keys}")


def _check(file: Path) -> None:
    if not file.is_file():
        raise archive.BackupBroken(f"{file}: no such file: expected a backup that 'bonafide backup' made")
    manifest = archive.read(file)
    erasures, signed = manifest.told["erasures"]["number"], manifest.told["key"][:16]
    click.echo(
        f"{file}: whole: {len(manifest.members)} members of {manifest.made_at}, {manifest.database}, version"
        f" {manifest.told['product']}, up to erasure {erasures}, signed by the key {signed}…"
    )


@click.command(epilog="Example: bonafide restore /mnt/safe/2026-11-25.bonafide --replay")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Give up the database that is there.")
@click.option("--replay", is_flag=True, help="Sweep and erase again what was swept and erased since, and lift the gate.")
@click.option(
    "--erasures",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The journal of erasures, where it is not in the instance's folder nor at backup.journal.",
)
@click.option("--no-erasures-since", is_flag=True, help="Nobody was erased after what the journal says; needs --by.")
@click.option("--by", metavar="NAME", default="", help="Who answers for that. It is written down.")
def restore(file: Path | None, replace: bool, replay: bool, erasures: Path | None, no_erasures_since: bool, by: str) -> None:  # noqa: FBT001
    """Put a backup back into BONAFIDE_HOME and the database that DATABASE_URL names.

    'bonafide serve' refuses until the sweeps and erasures since the backup were replayed. The operator's file and keys that are
    there stay; documents are added.
    """
    if no_erasures_since != bool(by.strip()) or not (file or replay) or ((erasures or by) and not replay):
        raise click.UsageError("give FILE, or --replay, or both; --erasures and --no-erasures-since --by NAME go with --replay")
    if file:
        _restore(file, replace)
    if replay:
        _replay(erasures, by.strip())
    else:
        click.echo("It is not served before the sweeps and erasures since were replayed: bonafide restore --replay")


def _restore(file: Path, replace: bool) -> None:  # noqa: FBT001
    from bonafide.safekeeping.locks import alone
    from bonafide.safekeeping.restore import restore as put_back

    instance = Instance.here()
    instance.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(instance.home):
        done = put_back(instance=instance, file=file, replace=replace, now=datetime.now(UTC))
    click.echo(f"Put back into {instance.home}: the database of {done.manifest.made_at} and {done.documents} documents")
    for name in done.kept:
        click.echo(f"{name} stayed as it was here; the backup holds another")


def _replay(erasures: Path | None, by: str) -> None:
    from bonafide.cli import start_django
    from bonafide.safekeeping.locks import alone

    start_django()
    from bonafide.safekeeping.replay import Answer, replay
    from bonafide.serving import bring_up_to_date

    with alone(Instance.here().home):
        bring_up_to_date()
        done = replay(given=erasures, answer=Answer(by) if by else None, now=datetime.now(UTC))
    click.echo(
        f"Replayed: {done.erased} erased again; {done.addresses} IP addresses erased, {done.rows} rows of history"
        f" and {done.lines} lines of logs deleted. It may be served now."
    )
