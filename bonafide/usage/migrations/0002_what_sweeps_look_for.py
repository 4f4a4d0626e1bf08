"""What the sweep looks for. Events have an index by age on PostgreSQL alone, where one that costs next to nothing exists."""

from django.db import migrations, models


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE INDEX event_age ON usage_event USING brin (occurred_us)")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS event_age")


class Migration(migrations.Migration):

    dependencies = [
        ("usage", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(condition=models.Q(("origin", ""), _negated=True), fields=["received_at"], name="batch_age"),
        ),
        migrations.RunPython(install, remove),
    ]
