"""The database keeps contracts and notices as they were concluded and written."""

from django.db import migrations

from bonafide.contracts import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_contracts_and_notices")]

    operations = [migrations.RunPython(install, remove)]
