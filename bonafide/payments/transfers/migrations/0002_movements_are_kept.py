"""What banks told, and what was decided about it, is never rewritten: the database refuses it."""

from django.db import migrations

from bonafide.payments.transfers import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("payments_transfers", "0001_movements_on_the_bank_account")]
    operations = [migrations.RunPython(install, remove)]
