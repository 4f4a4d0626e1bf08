"""A test account is never billed, and none but it has simulated bills: the database refuses it."""

from django.db import migrations

from bonafide.billing.simulate import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_test_accounts_stay_apart"), ("billing", "0015_simulated_bills")]
    operations = [migrations.RunPython(install, remove)]
