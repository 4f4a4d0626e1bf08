"""Whoever had a login before signing up asked about news was never offered to refuse it: they get none until they want some."""

from django.conf import settings
from django.db import migrations
from django.utils import timezone


def refuse_news(apps, schema_editor):
    User = apps.get_model(settings.AUTH_USER_MODEL)
    Refusal = apps.get_model("mail", "Refusal")
    now = timezone.now()
    people = User.objects.values_list("pk", flat=True).order_by("pk").iterator(1000)
    refusals = (Refusal(user_id=pk, purpose="news", since=now, how="not-asked") for pk in people)
    Refusal.objects.bulk_create(refusals, batch_size=1000, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_outbox_and_refusals")]
    operations = [migrations.RunPython(refuse_news, migrations.RunPython.noop)]
