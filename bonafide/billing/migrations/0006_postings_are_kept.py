"""What is posted never changes, and what was issued and paid before there was a ledger is posted."""

from django.conf import settings
from django.db import migrations
from django.utils import timezone

from bonafide.billing.ledger import triggers
from bonafide.billing.ledger.catch_up import catch_up


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def post(apps, schema_editor):
    catch_up(
        invoice=apps.get_model("billing", "Invoice"),
        settlement=apps.get_model("billing", "Settlement"),
        operator=settings.OPERATOR,
        now=timezone.now(),  # noqa: TID251 — a migration is a command
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_ledger")]
    operations = [migrations.RunPython(install, remove), migrations.RunPython(post, migrations.RunPython.noop)]
