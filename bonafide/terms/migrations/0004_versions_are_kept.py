"""A version of the terms never changes: the database refuses it."""

from django.db import migrations

from bonafide import append_only

TABLE = "terms_version"


def install(apps, schema_editor):
    message = "a version of the terms never changes: a new one follows it"
    for statement in append_only.install(vendor=schema_editor.connection.vendor, table=TABLE, message=message):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in append_only.remove(vendor=schema_editor.connection.vendor, table=TABLE):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("terms", "0003_versions_and_acceptances")]
    operations = [migrations.RunPython(install, remove)]
