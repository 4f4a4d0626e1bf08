from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "bonafide.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from django.core.checks import register

        from bonafide.privacy.checks import files_are_declared, logs_are_declared, stores_are_declared

        register(logs_are_declared)
        register(files_are_declared)
        register(stores_are_declared)
