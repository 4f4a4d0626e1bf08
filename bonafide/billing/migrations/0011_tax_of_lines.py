"""Lines say whose tax they bear. Where adding a column writes a table anew, its guards go with the old one: they are set up again."""

from django.db import migrations, models

from bonafide.billing import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)



class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0010_budgets'),
    ]

    operations = [
        migrations.RunPython(remove, install),
        migrations.AddField(
            model_name='invoice',
            name='prepaid_minor',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='gross_minor',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='tax_category',
            field=models.CharField(blank=True, db_default='', max_length=2),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='tax_rate',
            field=models.CharField(blank=True, db_default='', max_length=8),
        ),
        migrations.RunPython(install, remove),
    ]
