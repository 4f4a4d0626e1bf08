"""Who signed what off stays; and bills that were issued before there were letters about bills are not announced any more."""

from django.db import migrations

from bonafide.billing.runs import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def announced_so_far(apps, schema_editor):
    """Bills are announced in the order of issue: a row for the last one says that all before it are done with."""
    last = apps.get_model("billing", "Invoice").objects.filter(position__isnull=False).order_by("-position").first()
    if last:
        apps.get_model("billing", "BillLetter").objects.create(invoice=last, at=last.issued_at, letters=0)


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_bill_runs")]
    operations = [
        migrations.RunPython(install, remove),
        migrations.RunPython(announced_so_far, migrations.RunPython.noop),
    ]
