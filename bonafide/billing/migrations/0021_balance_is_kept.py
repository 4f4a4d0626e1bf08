"""What was granted, taken or charged is never rewritten, and never more is taken than was granted: the database refuses it."""

from django.db import migrations

from bonafide.billing.balance import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0020_balance")]
    operations = [migrations.RunPython(install, remove)]
