"""``bonafide init`` makes the folder of a new instance; ``bonafide check`` says what is not yet as it should be."""

from __future__ import annotations

import inspect
import json
import os
import smtplib
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

import click

from bonafide.errors import Refused
from bonafide.instance import Instance
from bonafide.operator import Operator, OperatorFileError, load, parse, sections
from bonafide.operator_values import Section

WAITING = timedelta(minutes=10)  # a task that no worker took for so long says that no worker runs

# A complete, invented operator: enough to try everything with. The keys are those that a file must have, and the few others
# that a newcomer is likely to want otherwise.
EXAMPLE: dict[tuple[str, str], str | int] = {
    ("identity", "legal_name"): "Example Cloud",
    ("identity", "trade_name"): "Example Cloud",
    ("identity", "legal_form"): "SAS",
    ("identity", "registration"): "732829320",
    ("identity", "trade_register"): "R.C.S. Paris",
    ("identity", "vat_number"): "FR44732829320",
    ("identity", "street"): "1 rue de l'Exemple",
    ("identity", "postcode"): "75001",
    ("identity", "city"): "Paris",
    ("identity", "country"): "FR",
    ("identity", "email"): "hello@operator.example",
    ("identity", "phone"): "+33 1 99 00 00 00",
    ("identity", "publication_director"): "Alex Exemple",
    ("hosting", "host_name"): "Example Hosting",
    ("hosting", "host_address"): "2 rue de l'Exemple, 75001 Paris, France",
    ("hosting", "host_website"): "https://hosting.example",
    ("hosting", "country"): "FR",
    ("hosting", "region"): "Paris 1",
    ("service", "console_url"): "http://localhost:8000",
    ("service", "language"): "en",
    ("service", "time_zone"): "Europe/Paris",
    ("network", "proxies"): 0,
    ("billing", "currency"): "EUR",
    ("bank", "holder"): "Example Cloud",
    ("bank", "iban"): "FR7630006000011234567890189",
    ("mail", "sender"): "console@operator.example",
    ("mail", "delivery"): "file",
}
# What a real operator is asked: the rest of the table has a default that will do, or may be left out.
OPTIONAL = {("identity", "vat_number"), ("service", "language"), ("service", "time_zone"), ("billing", "currency")}
LEFT_OUT_OF_A_REAL_ONE = {("bank", "holder"), ("bank", "iban"), ("mail", "delivery")}
PROVES_EXAMPLE = (("identity", "legal_name"), ("identity", "registration"), ("identity", "email"))


class CannotSetUp(Refused):
    """There already is an instance, or a value given is wrong."""


def option_name(section: str, key: str) -> str:
    """The option of a key: its own name, after its section's where two sections have one of that name."""
    return f"--{section}-{key}".replace("_", "-") if (section, key) == ("hosting", "country") else f"--{key}".replace("_", "-")


def _with_value_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for every key of the example."""
    for section, key in reversed(EXAMPLE):
        meaning = sections()[section].model_fields[key].description
        name = f"{section}__{key}"
        command = click.option(option_name(section, key), name, help=f"[{section}] {meaning}")(command)
    return command


# --- init -----------------------------------------------------------------------------------------------------------------
@click.command(epilog='Example: bonafide init --yes --legal-name "My Cloud" --currency USD')
@click.option("--yes", is_flag=True, help="Ask nothing: write an example identity, as a trial.")
@click.option(
    "--trial/--no-trial", default=None, help="Whether pages and documents say that nothing is owed. [default: asked, or trial]"
)
@_with_value_options
def init(yes: bool, trial: bool | None, **given: str | None) -> None:  # noqa: FBT001 - click passes flags so
    """Make the folder of a new instance: its operator.toml and its database.

    On a terminal it asks who the operator is. Without one, or with --yes, it writes a complete example identity with
    trial = true. Options set single values. The folder is BONAFIDE_HOME, by default ./bonafide-data.
    """
    instance = Instance.here()
    if instance.operator_file.exists():
        raise CannotSetUp(f"{instance.operator_file} is there already: edit it, or set BONAFIDE_HOME to another folder")
    values = {(name.partition("__")[0], name.partition("__")[2]): text for name, text in given.items() if text is not None}
    asking = sys.stdin.isatty() and not yes
    if trial is None:
        trial = not asking or click.confirm("Only trying it out? An example identity will do then", default=True)
    if asking and not trial:
        _ask(values)
    text = operator_file(values=values, trial=trial)
    write_instance(instance=instance, text=text)
    click.echo(f"Made {instance.operator_file}")
    if trial:
        click.echo("It is a trial: pages and bills say that nothing is owed, letters go into the folder's letters/.")
    _make_database()
    click.echo(NEXT_STEPS)


NEXT_STEPS = """Next:
  bonafide staff add NAME EMAIL      a member of staff
  bonafide prices import FILE.toml   what it costs (examples/ has some)
  bonafide usage import FILE         what was used
  bonafide serve                     the console
bonafide check says what is still missing."""


def operator_file(*, values: dict[tuple[str, str], str], trial: bool) -> str:
    """The text of an operator's file: every key with its meaning, defaults as comments.

    A trial takes what is not given from the example; a real operator must give it.

    :raises CannotSetUp: naming what is missing or wrong.
    """
    filled: dict[tuple[str, str], object] = dict(EXAMPLE) if trial else {}
    if trial and values.get(("identity", "country"), "FR") != "FR":
        filled[("identity", "vat_number")] = ""  # the example's belongs to another country
    filled |= values
    missing = [] if trial else [wanted for wanted in EXAMPLE if wanted not in filled.keys() | OPTIONAL | LEFT_OUT_OF_A_REAL_ONE]
    if missing:
        raise CannotSetUp(f"a real operator needs {', '.join(option_name(*wanted) for wanted in missing)} (or --trial)")
    filled[("service", "trial")] = trial
    text = "\n".join(_lines(filled))
    try:
        parse(text)
    except OperatorFileError as error:
        raise CannotSetUp(str(error)) from None
    return text


def _lines(filled: dict[tuple[str, str], object]) -> Iterator[str]:
    yield "# The operator's file: who runs the service, and every number that is promised to customers."
    yield "# A line that begins with '#' before a key shows the default. docs/settings.md has it all on one page."
    for section, kind in sections().items():
        needy = any(field.is_required() for field in kind.model_fields.values())
        present = not needy or any(where == section for where, _ in filled)
        yield ""
        yield from (f"# {line}".rstrip() for line in inspect.cleandoc(kind.__doc__ or "").splitlines())
        yield f"[{section}]" if present else f"# [{section}]"
        for key, field in kind.model_fields.items():
            yield f"# {field.description}"
            if (section, key) in filled:
                yield f"{key} = {_toml(filled[section, key])}"
            else:
                open_ = field.is_required() or field.default is None
                yield f"# {key} = {'...' if open_ else _toml(field.default)}"
    yield ""


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, Section):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.model_dump(exclude_none=True).items()) + "}"
    if isinstance(value, bool | int):
        return str(value).lower()
    return json.dumps(str(value), ensure_ascii=False)


def _ask(values: dict[tuple[str, str], str]) -> None:
    """Ask for what was not given, one line a key."""
    for section, key in EXAMPLE:
        if (section, key) in values or (section, key) in LEFT_OUT_OF_A_REAL_ONE:
            continue
        field = sections()[section].model_fields[key]
        default = None if field.is_required() else str(field.default)
        values[section, key] = click.prompt(f"{key} ({field.description})", default=default)


def write_instance(*, instance: Instance, text: str) -> None:
    """Make the folder, for its owner alone, and the file in it.

    :raises CannotSetUp: when the folder cannot be made or written.
    """
    try:
        instance.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(instance.operator_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(text)
        for folder in (instance.documents, instance.letters):
            folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotSetUp(f"{error.filename}: {error.strerror}: choose a folder you may write with BONAFIDE_HOME") from None


def _make_database() -> None:
    from django.db import OperationalError

    from bonafide.cli import start_django

    start_django()
    from bonafide.serving import bring_up_to_date

    try:
        bring_up_to_date()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise CannotSetUp(
            f"the file is written, but the database does not answer ({reason}): see DATABASE_URL, then run 'bonafide serve'"
        ) from None


# --- check ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    id: str
    state: Literal["ok", "warning", "failure"]
    text: str


@click.command(epilog="Example: bonafide check --json")
@click.option("--json", "as_json", is_flag=True, help='Print {"ok": bool, "checks": [{"id", "state", "text"}]}.')
def check(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Check the operator's file, the database, the folders and the mail server; exit status 0 only without a failure."""
    findings = list(look())
    failed = any(finding.state == "failure" for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": not failed, "checks": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.state:8} {finding.id:10} {finding.text}")
    sys.exit(1 if failed else 0)


def look() -> Iterator[Finding]:
    """Everything that is looked at; without a good operator's file there is nothing else to see."""
    instance = Instance.here()
    try:
        operator = load(instance.operator_file)
    except OperatorFileError as error:
        yield Finding("operator", "failure", str(error))
        return
    yield Finding("operator", "ok", f"{instance.operator_file} is complete")
    yield _identity(operator)
    yield _address(operator)
    yield _network(operator)
    yield from _folders(instance)
    yield from _database()
    yield _mail(operator)


def _identity(operator: Operator) -> Finding:
    written = operator.model_dump()
    left = [f"{section}.{key}" for section, key in PROVES_EXAMPLE if written[section][key] == EXAMPLE[section, key]]
    if left and not operator.service.trial:
        return Finding(
            "identity", "failure", f"{', '.join(left)} still come from the example: write who you are, or set trial = true"
        )
    if operator.service.trial:
        return Finding("identity", "warning", "trial = true: pages and documents say that nothing is owed")
    return Finding("identity", "ok", f"{operator.identity.legal_name}, {operator.identity.registration}")


def _address(operator: Operator) -> Finding:
    url = operator.service.console_url
    if url.startswith("https://") or url.split("//")[1].split("/")[0].split(":")[0] in ("localhost", "127.0.0.1"):
        return Finding("address", "ok", url)
    return Finding("address", "warning", f"{url}: passwords and sessions travel unprotected, use https")


def _network(operator: Operator) -> Finding:
    proxies = operator.network.proxies
    if proxies is None:
        return Finding("network", "warning", "network.proxies is not set: X-Forwarded-For is not believed, as with 0")
    if proxies == 0:
        return Finding("network", "ok", "no proxy is declared: addresses are those of the connections")
    return Finding("network", "ok", f"proxies = {proxies}: addresses are number {proxies} from the right of X-Forwarded-For")


def _folders(instance: Instance) -> Iterator[Finding]:
    for folder in (instance.home, instance.documents, instance.letters):
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            yield Finding("folders", "failure", f"{existing} cannot be written: give it to the user that runs Bonafide")
            return
    if instance.home.stat().st_mode & 0o077:
        yield Finding("folders", "warning", f"other users may look into {instance.home}: chmod 700 it")
    else:
        yield Finding("folders", "ok", f"{instance.home} can be written, by its owner alone")


def _database() -> Iterator[Finding]:
    from django.db import DatabaseError

    from bonafide.cli import start_django

    try:
        start_django()
        yield _settings()
        from django.db import connection

        from bonafide.serving import missing_migrations

        missing = missing_migrations()
    except (DatabaseError, OperatorFileError) as error:
        yield Finding("database", "failure", f"does not answer: {str(error).strip().splitlines()[0]}: see DATABASE_URL")
        return
    kind = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]
    if missing:
        yield Finding("database", "failure", f"{kind}: {missing} steps behind this version: start 'bonafide serve' once")
        return
    yield Finding("database", "ok", f"{kind}, up to date")
    yield _queue()


def _settings() -> Finding:
    from bonafide.serving import CannotServe, refuse_unsafe_settings

    try:
        refuse_unsafe_settings()
    except CannotServe as refusal:
        return Finding("settings", "failure", str(refusal))
    return Finding("settings", "ok", "sessions can be ended")


def _queue() -> Finding:
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult

    waiting = DBTaskResult.objects.ready().filter(enqueued_at__lt=timezone.now() - WAITING).count()
    if waiting:
        return Finding("worker", "warning", f"{waiting} tasks have waited for over ten minutes: is 'bonafide serve' running?")
    return Finding("worker", "ok", "no task is left waiting")


def _mail(operator: Operator) -> Finding:
    mail = operator.mail
    if mail.delivery == "file":
        state: Literal["ok", "warning"] = "ok" if operator.service.trial else "warning"
        return Finding("mail", state, "letters are written into the folder letters/, not sent")
    from bonafide.outgoing.client import reaching

    where = f"{mail.host}:{mail.port}"
    server: Any = smtplib.SMTP_SSL if mail.security == "tls" else smtplib.SMTP
    try:
        with reaching(host=mail.host, operator=operator), server(mail.host, mail.port, timeout=5) as session:
            session.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail", "warning", f"{where} does not answer ({error}): letters wait until it does")
    return Finding("mail", "ok", f"{where} answers")
