from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "bonafide.sessions"
    label = "console_sessions"  # "sessions" is Django's own, whose table older instances have
    verbose_name = _("Sessions")

    def ready(self) -> None:
        from bonafide.sessions.checks import sessions_can_be_ended

        register(sessions_can_be_ended)
