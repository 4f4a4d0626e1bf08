"""Holds, releases and what sweeps did are never rewritten: the database refuses it."""

from django.db import migrations

from bonafide.privacy import triggers


def install(apps, schema_editor):
    for statement in triggers.install_records(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove_records(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_holds_releases_and_sweeps")]
    operations = [migrations.RunPython(install, remove)]
