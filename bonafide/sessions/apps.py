from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "bonafide.sessions"
    label = "console_sessions"  # "sessions" is Django's own, whose table older instances have
    verbose_name = _("Sessions")
