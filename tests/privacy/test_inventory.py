"""Everything that is stored is declared: columns, files, logs; and what is not is found, and refused."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.module_loading import import_string

from bonafide.holdings import NOW, Swept, Table
from bonafide.privacy import inventory
from bonafide.privacy.ends import due, said_end, setting_value
from bonafide.privacy.inventory import PLACES, TABLES, holdings, model_of, oldest_address, undeclared_columns, undeclared_files
from tests.factories.accounts import make_user
from tests.factories.history import make_row, make_sign_ins

pytestmark = pytest.mark.django_db
EVERY = list(holdings())


def column_faults(tables: tuple[Table, ...] = TABLES) -> list[str]:
    """Of the models, as ``undeclared_columns`` is of the database."""
    declared = {
        table.model: [*table.plain, *(column for holding in table.holdings for column in holding.columns)] for table in tables
    }
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy:
            continue  # no table of its own
        label = model._meta.label
        real = sorted(field.column for field in model._meta.local_concrete_fields)
        if label not in declared:
            found.append(f"{label} is not declared")
        elif sorted(declared[label]) != real:
            found.append(f"{label}: {sorted(set(declared[label]) ^ set(real)) or 'a column twice'}")
    return found


def named(end: str) -> object:
    """What a dotted name means; the last parts may be attributes of a class."""
    parts = end.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = import_string(".".join(parts[: cut + 1]))
        except ImportError:
            continue
        for part in parts[cut + 1 :]:
            found = getattr(found, part)
        return found
    raise AttributeError(end)


# --- Tables ---------------------------------------------------------------------------------------------------------------
def test_every_column_of_every_model_is_declared_once():
    assert column_faults() == []
    assert len({(table.model, table.name) for table in TABLES}) == len(TABLES)


# A table without a model the database knows (below).
@pytest.mark.parametrize(
    "place", [place for place, table in enumerate(TABLES) if table.model], ids=lambda place: TABLES[place].model
)
def test_no_table_can_be_left_out(place):
    assert column_faults(TABLES[:place] + TABLES[place + 1 :]) == [f"{TABLES[place].model} is not declared"]


def test_a_model_that_somebody_registers_is_seen():
    class Note(models.Model):
        text = models.TextField()

        class Meta:
            app_label = "privacy"

        def __str__(self):
            return self.text

    try:
        assert column_faults() == ["privacy.Note is not declared"]
    finally:
        del apps.all_models["privacy"]["note"]
        apps.clear_cache()


def test_the_database_holds_what_is_declared_and_nothing_else():
    assert undeclared_columns(connection) == []


def test_a_column_added_by_hand_is_seen():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE usage_batch ADD COLUMN ip varchar(39)")
        cursor.execute("CREATE TABLE visitors (id integer, address varchar(39))")
    assert undeclared_columns(connection) == [
        "the table visitors is not declared",
        "the column usage_batch.ip is not declared",
    ]


def test_what_is_declared_and_not_there_is_seen(monkeypatch):
    gone = Table("usage.Source", plain=("id", "name", "owner")), Table("", name="no_such_table")
    monkeypatch.setattr(inventory, "TABLES", tuple(table for table in TABLES if table.model != "usage.Source") + gone)
    assert undeclared_columns(connection) == [
        "the column usage_source.owner is declared and not there",
        "the table no_such_table is declared and not there",
    ]


# --- What is said of them -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("table", "holding"), EVERY)
def test_what_is_said_can_be_asked_of_the_database(table, holding):
    rows, ends = model_of(table)._base_manager, holding.ends
    for path in filter(None, (holding.person, holding.account)):
        list(rows.filter(**{path: 0}).values_list(path)[:1])
    if since := getattr(ends, "since", "") or holding.since:
        list(rows.order_by(since).values_list(since)[:1])
    if isinstance(ends, Swept):
        rows.filter(due(ends, before=timezone.now(), zone=settings.OPERATOR.zone)).count()
    for column, value in getattr(ends, "emptied", ()):
        assert value is NOW or column in holding.columns
        field = rows.model._meta.get_field(column)
        assert field.null if value in (None, NOW) else field.get_prep_value(value) == value


@pytest.mark.parametrize("holding", [*(holding for _, holding in EVERY), *(place for place in PLACES if place.kind)])
def test_every_setting_exists_and_what_ends_it_is_there(holding):
    if setting := getattr(holding.ends, "setting", ""):
        assert isinstance(setting_value(setting, settings.OPERATOR), int)
        assert setting.endswith(("_months", "days", "_hours"))
    assert named(holding.enforced_by)
    assert said_end(holding, settings.OPERATOR)
    assert all((holding.what, holding.whose, holding.why, holding.basis))


def test_a_setting_or_a_function_that_is_not_there_would_be_seen():
    with pytest.raises(AttributeError):
        setting_value("retention.ip_years", settings.OPERATOR)
    with pytest.raises(AttributeError):
        named("bonafide.privacy.sweep_rows.sweep_nothing")


def test_what_points_to_a_row_is_swept_before_it():
    place = {table.model: number for number, table in enumerate(TABLES)}
    pointing = [
        (model._meta.label, field.remote_field.model._meta.label)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.remote_field
    ]
    assert len(pointing) > 30
    assert [pair for pair in pointing if place[pair[0]] > place[pair[1]]] == []


def test_tables_with_somebodys_data_have_a_name_that_people_read():
    assert [table.model for table in TABLES if table.holdings and not table.called] == []
    assert [place.pattern for place in PLACES if not place.kind and not place.why_nothing] == []


@pytest.mark.parametrize(
    ("model", "old", "young"),
    [
        ("usage.Event", 1_700_000_000_000_000, 1_700_000_000_000_001),
        ("usage.Seen", 202310, 202311),
        ("terms.Attestation", datetime(2023, 11, 13, tzinfo=UTC).date(), datetime(2023, 11, 14, tzinfo=UTC).date()),
    ],
)
def test_ages_are_counted_in_whatever_a_column_holds(model, old, young):
    """14 November 2023, 23:13:20 in Paris, is when 1,700,000,000 seconds were over."""
    ends = next(holding.ends for table, holding in EVERY if table.model == model)
    before = datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(microseconds=1)
    wanted = due(ends, before=before, zone=settings.OPERATOR.zone)
    [(_, limit)] = [part for part in wanted.children if isinstance(part, tuple) and part[0] == f"{ends.since}__lt"]
    assert old < limit <= young


# --- Files ----------------------------------------------------------------------------------------------------------------
USUAL = (
    *("operator.toml", ".operator.toml.swp", "bonafide.sqlite3", "bonafide.sqlite3-wal", "keys/secret_key", "demo.json"),
    *("logs/access-2026-11-23.jsonl", "letters/20261123-1.log", "static/web/console.css", "backups/2026-11-23.tar"),
    *("documents/2026/F2026-000001.xml", "documents/2026/.F2026-1.xml.77", "restores.jsonl"),
    *("documents/2026/F2026-000001.pdf", "documents/2026/.F2026-1.pdf.77", "erasures.jsonl", "state.json", "restored.json"),
)


def put(home, *names):
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("Atelier Vega, 203.0.113.77", encoding="utf-8")


def test_what_the_console_itself_writes_is_declared(tmp_path):
    put(tmp_path, *USUAL)
    assert undeclared_files(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("customers.csv", "customers.csv"),
        ("export/customers.csv", "export/"),
        ("documents/customers.csv", "documents/customers.csv"),
        ("documents/2026/customers.csv", "documents/2026/customers.csv"),
        ("documents/2026/old/F2026-000001.pdf", "documents/2026/old/"),
        ("bonafide.sqlite3.old", "bonafide.sqlite3.old"),
    ],
)
def test_a_file_that_somebody_drops_is_found(tmp_path, name, said):
    put(tmp_path, *USUAL, name)
    assert undeclared_files(tmp_path) == [said]


def test_a_secret_that_the_environment_names_is_declared_by_that(tmp_path, monkeypatch):
    put(tmp_path, "mail-password")
    assert undeclared_files(tmp_path) == ["mail-password"]
    monkeypatch.setenv("BONAFIDE_MAIL_PASSWORD_FILE", str(tmp_path / "mail-password"))
    assert undeclared_files(tmp_path) == []


def test_the_folder_of_this_very_run_holds_nothing_undeclared():
    assert undeclared_files(settings.INSTANCE.home) == []


# --- IP addresses ---------------------------------------------------------------------------------------------------------
def test_the_oldest_address_is_that_of_every_table_that_holds_one():
    user, now = make_user(), timezone.now()
    assert oldest_address() is None
    make_row(user, now=now)
    make_sign_ins(user, 3, now=now - timedelta(days=5))
    make_sign_ins(make_user(), 1, now=now - timedelta(days=9))
    assert oldest_address() == now - timedelta(days=9)
    assert oldest_address(user=user) == now - timedelta(days=5, minutes=2)
