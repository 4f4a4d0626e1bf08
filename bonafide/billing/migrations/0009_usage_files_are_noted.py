"""The digests of bills' usage files: a table that only grows, which the database itself sees to."""

import django.db.models.deletion
from django.db import migrations, models

from bonafide.billing.explain import note_usage


def install(apps, schema_editor):
    for statement in note_usage.guards(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in note_usage.without_guards(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_credit_notes_are_kept")]
    operations = [
        migrations.CreateModel(
            name="UsageFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveBigIntegerField(unique=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("noted_at", models.DateTimeField()),
                ("seal", models.CharField(max_length=64)),
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="usage_file", to="billing.invoice"
                    ),
                ),
            ],
        ),
        migrations.RunPython(install, remove),
    ]
