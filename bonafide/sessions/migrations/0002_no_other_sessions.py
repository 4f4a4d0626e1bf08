from django.db import migrations


class Migration(migrations.Migration):
    """Django's own table of sessions, with the keys of cookies in clear, is not used any more: everybody signs in once."""

    dependencies = [("console_sessions", "0001_initial")]

    operations = [migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop)]
