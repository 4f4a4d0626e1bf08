"""What VIES answered is evidence: the database refuses to change it or to delete it."""

from django.db import migrations

from bonafide import append_only

TABLE = "accounts_vatcheck"
MESSAGE = "what VIES answered never changes: a new check adds a row"


def install(apps, schema_editor):
    for statement in append_only.install(vendor=schema_editor.connection.vendor, table=TABLE, message=MESSAGE):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in append_only.remove(vendor=schema_editor.connection.vendor, table=TABLE):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_changes_of_address_and_company")]
    operations = [migrations.RunPython(install, remove)]
