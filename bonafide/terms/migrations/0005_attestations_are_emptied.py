"""An old attestation may be emptied of who signed it; nothing else of it ever changes."""

from django.db import migrations

from bonafide import append_only
from bonafide.terms import triggers


def install(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in [*triggers.remove(vendor), *triggers.install(vendor)]:
        schema_editor.execute(statement)


def restore(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in [
        *triggers.remove(vendor),
        *append_only.install(vendor=vendor, table=triggers.TABLE, message=triggers.MESSAGE),
    ]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("terms", "0004_versions_are_kept")]
    operations = [migrations.RunPython(install, restore)]
