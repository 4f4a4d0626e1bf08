"""An account is a test account from the beginning or never, and has no members: the database refuses it."""

from django.db import migrations

from bonafide.accounts import apart_triggers


def install(apps, schema_editor):
    for statement in apart_triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in apart_triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_test_accounts")]
    operations = [migrations.RunPython(install, remove)]
