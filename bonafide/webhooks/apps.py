from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "bonafide.webhooks"
    label = "webhooks"
    verbose_name = _("What our service is told")

    def ready(self) -> None:
        from django.core.checks import register

        from bonafide.webhooks import checks

        register(checks.secrets_are_there)
        register(checks.kinds_are_known)
