"""What becomes of a bill after its issue: lines taken back, bills replaced, claims given up; the database keeps them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from bonafide.billing.amend import triggers


def install(apps, schema_editor):
    for statement in triggers.install(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in triggers.remove(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0011_tax_of_lines'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='posting',
            name='step',
            field=models.CharField(choices=[('issue', 'issue'), ('settlement', 'settlement'), ('credit', 'credit note'), ('fee', 'fee'), ('payout', 'payout'), ('voucher', 'voucher'), ('loss', 'loss'), ('reversal', 'reversal')], max_length=12),
        ),
        migrations.CreateModel(
            name='CreditedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('amount_minor', models.BigIntegerField()),
                ('correction', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='billing.correction')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('correction', 'position'), name='credited_line_once')],
            },
        ),
        migrations.CreateModel(
            name='Loss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('made_on', models.DateField()),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='losses', to='billing.invoice')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='loss_of_something'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('key', ''), _negated=True)), name='loss_whole')],
            },
        ),
        migrations.CreateModel(
            name='Replacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200)),
                ('key', models.CharField(max_length=120, unique=True)),
                ('made_on', models.DateField()),
                ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='billing.invoice')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('original', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='replacement', to='billing.invoice')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('document', models.F('original')), _negated=True), name='replacement_of_another'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('key', ''), _negated=True)), name='replacement_whole')],
            },
        ),
        migrations.RunPython(install, remove),
    ]
