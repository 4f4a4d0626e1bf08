"""``bonafide demo``: from nothing to a console one can click through."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from bonafide.demo.customers import CUSTOMERS, PASSWORD, PEOPLE, STAFF_APP
from bonafide.demo.phone import code_at
from bonafide.demo.stripe import account_in, with_stripe
from bonafide.errors import Refused
from bonafide.instance import Instance
from bonafide.operator import FILE_NAME

MADE = "demo.json"
VERSION = 4
PROCESSORS = Path(__file__).parent / "processors.toml"

# What the demo's operator says about itself; the rest is the example identity of a trial.
IDENTITY = {
    ("identity", "legal_name"): "Nordlys Cloud",
    ("identity", "trade_name"): "Nordlys Cloud",
    ("identity", "share_capital"): "10 000 EUR",
    ("identity", "street"): "12 rue des Lanternes",
    ("identity", "postcode"): "75011",
    ("identity", "email"): "hello@nordlys.example",
    ("identity", "publication_director"): "Camille Nordin",
    ("hosting", "host_name"): "Fjord Datacenter",
    ("hosting", "host_address"): "4 quai du Nord, 59000 Lille, France",
    ("hosting", "host_website"): "https://fjord.example",
    ("hosting", "region"): "Lille 1",
    ("bank", "holder"): "Nordlys Cloud SAS",
    ("billing", "payment_days"): "30",
    ("consumers", "sells_to_consumers"): "true",
    ("dunning", "enabled"): "true",
    ("consumers", "mediator_name"): "Médiation Exemple",
    ("consumers", "mediator_address"): "5 place des Accords, 75002 Paris, France",
    ("consumers", "mediator_website"): "https://mediation.example",
    ("mail", "sender"): "console@nordlys.example",
}


class DemoRefused(Refused):
    """The folder is not a demo's."""


@click.command(epilog="Example: bonafide demo --port 8080")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=Path("bonafide-demo"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--fresh", is_flag=True, help="Throw the last demo away and make a new one.")
@click.option("--no-serve", is_flag=True, help="Only make it.")
@click.option("--code", is_flag=True, help="Only show the code that staff sign in with, as their phone would.")
def demo(home: Path, port: int, fresh: bool, no_serve: bool, code: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Make and serve a throw-away operator with a dozen customers, three months of usage and two months of bills.

    It is on SQLite in its own folder, whatever the environment says, and sends no letter: they are put in a folder. Bills can be
    paid by Stripe where STRIPE_SECRET_KEY is a test key; STRIPE_ACCOUNT says of which account.
    """
    if code:
        _tell_code()
        return
    home = home.resolve()
    for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
        os.environ.pop(name, None)
    os.environ["BONAFIDE_HOME"] = str(home)
    account = account_in(os.environ)
    if fresh:
        _throw_away(home)
    if not (home / MADE).exists():
        _make(home, port, account)
    _set_stripe(home / FILE_NAME, account)
    from bonafide.cli import start_django

    start_django()
    _tell_age(home)
    if no_serve:
        _tell_people(home)
        return
    from bonafide.serving import run

    run(host="127.0.0.1", port=port, ready=lambda: _tell_people(home))


def _throw_away(home: Path) -> None:
    """:raises DemoRefused: when the folder holds anything that is not a demo."""
    if not home.exists():
        return
    if not (home / MADE).exists() and any(home.iterdir()) and not _half_made(home).exists():
        raise DemoRefused(f"{home} is not a demo's folder: choose another with --home, or empty it yourself")
    shutil.rmtree(home)


def _half_made(home: Path) -> Path:
    """A file that is there while a demo is being made, so that an interrupted one is made again."""
    return home / "demo-in-the-making"


def _make(home: Path, port: int, account: str) -> None:
    from bonafide.setting_up import operator_file, write_instance

    if home.exists() and any(home.iterdir()):
        if not _half_made(home).exists():
            raise DemoRefused(f"{home} is not empty and not a demo's folder: choose another with --home")
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700)
    _half_made(home).touch()
    click.echo("Making a throw-away operator (about half a minute, once)")
    values = IDENTITY | {("service", "console_url"): f"http://localhost:{port}"}
    text = operator_file(values=values, trial=True) + PROCESSORS.read_text(encoding="utf-8")
    write_instance(instance=Instance(home), text=with_stripe(text, account=account))
    from bonafide.cli import start_django

    start_django()
    from django.conf import settings

    from bonafide.demo.build import build
    from bonafide.serving import bring_up_to_date, gather_static_files

    bring_up_to_date()
    gather_static_files()  # the promises are checked on real pages
    now = datetime.now(UTC)
    build(operator=settings.OPERATOR, now=now, on_progress=_steps())
    (home / MADE).write_text(json.dumps({"version": VERSION, "made_at": now.isoformat()}), encoding="ascii")
    _half_made(home).unlink()


def _set_stripe(file: Path, account: str) -> None:
    """As the environment is today; whatever else somebody changed in the file stays."""
    text = file.read_text(encoding="utf-8")
    wanted = with_stripe(text, account=account)
    if wanted != text:
        file.write_text(wanted, encoding="utf-8")


def _steps() -> Callable[[str], None]:
    return lambda step: click.echo(f"  {step}")


def _tell_age(home: Path) -> None:
    """A demo of last month has an empty chart: say how to renew it rather than throw away what somebody tried."""
    made = json.loads((home / MADE).read_text(encoding="ascii"))
    if made["version"] != VERSION or made["made_at"][:7] != datetime.now(UTC).isoformat()[:7]:
        click.echo(
            f"This demo was made on {made['made_at'][:10]}: 'bonafide demo --fresh' (make demo ARGS=--fresh) makes a new one"
        )


def _tell_code() -> None:
    """The code of the demo's own staff, from the secret that is public in this package; it opens no other instance."""
    code, seconds = code_at(STAFF_APP, datetime.now(UTC))
    click.echo(f"{code}  (good once, for {seconds} more seconds)")


def _tell_people(home: Path) -> None:
    names = {customer.reference: customer.name for customer in CUSTOMERS}
    click.echo(f"\nSign in with the password  {PASSWORD}  as")
    for person in PEOPLE:
        what = ", ".join(f"{role} of {names[reference]}" for reference, role in person.roles) or "staff: /staff/"
        if person.staff:
            what += "; asked for a code too: bonafide demo --code (make demo ARGS=--code) shows it"
        click.echo(f"  {person.username:<8} {what}")
    click.echo(f"or sign up: letters are put in {home / 'letters'}. The operator's file is {home / FILE_NAME}.")
    sys.stdout.flush()
