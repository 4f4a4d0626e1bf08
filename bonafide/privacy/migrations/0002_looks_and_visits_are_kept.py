"""What staff looked at, and their visits, are never rewritten: the database refuses it."""

from django.db import migrations

from bonafide.privacy import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_looks_and_visits")]
    operations = [migrations.RunPython(install, remove)]
