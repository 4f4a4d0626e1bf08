"""A credit note stays with its bill, and never takes back more: the database refuses it."""

from django.db import migrations

from bonafide.billing import correction_triggers


def install(apps, schema_editor):
    for statement in correction_triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in correction_triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_credit_notes")]
    operations = [migrations.RunPython(install, remove)]
