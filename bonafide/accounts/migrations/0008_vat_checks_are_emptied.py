"""What VIES answered may be emptied of what names somebody; nothing else of it ever changes."""

from django.db import migrations

from bonafide import append_only
from bonafide.accounts import triggers


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
    dependencies = [("accounts", "0007_what_sweeps_look_for")]
    operations = [migrations.RunPython(install, restore)]
