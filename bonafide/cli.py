"""The ``bonafide`` command. Each package brings its own sub-commands; they are imported only when asked for."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass

import click

from bonafide.errors import Refused
from bonafide.operator import OperatorFileError


@dataclass(frozen=True)
class Entry:
    """Where a sub-command is, its line in the list, and whether it needs a working instance before it starts."""

    target: str
    summary: str
    instance: bool = True


COMMANDS = {
    "init": Entry("bonafide.setting_up:init", "Make the folder of a new instance.", instance=False),
    "serve": Entry("bonafide.serving:serve", "Run the console: web, worker and schedule."),
    "demo": Entry("bonafide.demo.command:demo", "Make and serve a throw-away operator with customers and bills.", instance=False),
    "check": Entry("bonafide.setting_up:check", "Check the operator's file, the database and the folders.", instance=False),
    "audit": Entry("bonafide.terms.commands:audit", "Check every promise now, or verify downloaded evidence.", instance=False),
    "sweep": Entry("bonafide.terms.commands:sweep", "Delete now what was promised to be kept no longer."),
    "erase": Entry("bonafide.privacy.commands:erase", "Erase a person, or a closed account, all but what the law keeps."),
    "backup": Entry("bonafide.safekeeping.commands:backup", "Back up the instance into one file, or check one.", instance=False),
    "restore": Entry(
        "bonafide.safekeeping.commands:restore", "Put a backup back, and replay what was promised since.", instance=False
    ),
    "attest": Entry("bonafide.terms.commands:attest", "Stand for a promise that no machine can prove."),
    "staff": Entry("bonafide.sign_in.commands:staff", "Add a member of staff; let back in who lost every second factor."),
    "api-key": Entry("bonafide.accounts.commands:api_key", "Make and revoke keys for programs."),
    "usage": Entry("bonafide.usage.commands:usage", "Import usage."),
    "prices": Entry("bonafide.pricing.commands:prices", "Import prices and enter exchange rates."),
    "subscriptions": Entry(
        "bonafide.pricing.subscription_commands:subscriptions", "Put accounts on plans, let them change, and end it."
    ),
    "export": Entry("bonafide.billing.ledger.commands:export", "Write the books as files: the French FEC."),
    "test-accounts": Entry("bonafide.billing.simulate.commands:test_accounts", "Try prices over simulated months."),
    "books": Entry("bonafide.books.commands:books", "Report revenue, VAT and receivables, close months, archive years."),
    "payments": Entry("bonafide.payments.commands:payments", "Take in what was paid, charge what is due, follow up the rest."),
    "webhooks": Entry("bonafide.webhooks.commands:webhooks", "See what your service was told, and send it again."),
    "bills": Entry("bonafide.billing.commands:bills", "Rehearse, issue, list and verify bills."),
}


class Commands(click.Group):
    """The table above as a click group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        if entry.instance:
            start_django()
        module, attribute = entry.target.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def start_django() -> None:
    """Load the instance.

    :raises OperatorFileError: when the operator's file is missing or wrong.
    """
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bonafide.settings")
    django.setup()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bonafide", message="%(prog)s %(version)s")
def bonafide() -> None:
    """The customer console of a hosted service, which keeps the terms of service it shows.

    \b
    Example: bonafide init && bonafide serve
    The instance is the folder BONAFIDE_HOME, by default ./bonafide-data.
    """


def main() -> None:
    """Run the command; whatever is refused becomes one plain line on stderr and exit status 1, a wrong call exit status 2."""
    try:
        status = bonafide(prog_name="bonafide", standalone_mode=False)
    except (Refused, OperatorFileError) as refusal:
        click.echo(f"bonafide: {refusal}", err=True)
        sys.exit(1)
    except click.UsageError as mistake:
        command = mistake.ctx.command_path if mistake.ctx else "bonafide"
        said = " ".join(mistake.format_message().split()).rstrip(".")
        click.echo(f"bonafide: {said[0].lower()}{said[1:]}; see '{command} --help'", err=True)
        sys.exit(2)
    except click.ClickException as refusal:
        click.echo(f"bonafide: {refusal.format_message()}", err=True)
        sys.exit(1)
    except click.Abort:
        click.echo("bonafide: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        said = _about_the_database(error)
        if not said:
            raise
        click.echo(f"bonafide: {said}", err=True)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _about_the_database(error: Exception) -> str:
    """What is wrong with the database when it is behind this version or does not answer; empty for any other error."""
    from django.db import DatabaseError

    if not isinstance(error, DatabaseError):
        return ""
    from bonafide.serving import missing_migrations

    try:
        missing = missing_migrations()
    except DatabaseError:
        return f"the database does not answer ({str(error).strip().splitlines()[0]}): see 'bonafide check'"
    if not missing:
        return ""
    return f"the database is {missing} steps behind this version: start 'bonafide serve' once, which brings it up to date"


if __name__ == "__main__":
    main()
