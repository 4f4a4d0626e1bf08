"""Evidence of where consumers are, and what staff decided, are never rewritten: the database refuses it."""

from django.db import migrations

from bonafide.billing import location_triggers


def install(apps, schema_editor):
    for statement in location_triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in location_triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_what_decided_the_tax")]
    operations = [migrations.RunPython(install, remove)]
