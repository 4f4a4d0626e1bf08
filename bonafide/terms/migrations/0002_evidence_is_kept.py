"""Evidence, the keys that signed it and attestations never change: the database refuses it."""

from django.db import migrations

from bonafide import append_only

TABLES = {
    "terms_evidence": "evidence never changes: a new check adds a row",
    "terms_signingkey": "a key that signed evidence stays known",
    "terms_attestation": "an attestation never changes: a new one follows it",
}


def install(apps, schema_editor):
    for table, message in TABLES.items():
        for statement in append_only.install(vendor=schema_editor.connection.vendor, table=table, message=message):
            schema_editor.execute(statement)


def remove(apps, schema_editor):
    for table in TABLES:
        for statement in append_only.remove(vendor=schema_editor.connection.vendor, table=table):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("terms", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
