"""A closed month stays as it was, and no entry comes into it, which the database itself sees to."""

from django.db import migrations

from bonafide.billing.closings import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0017_closings")]
    operations = [migrations.RunPython(install, remove)]
