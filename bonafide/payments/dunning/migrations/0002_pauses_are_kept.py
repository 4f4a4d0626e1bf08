"""What staff said of a case is never rewritten: the database refuses it."""

from django.db import migrations

from bonafide.payments.dunning import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("payments_dunning", "0001_unpaid_bills")]
    operations = [migrations.RunPython(install, remove)]
