from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    name = "bonafide.privacy"
    label = "privacy"
    verbose_name = _("Privacy")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in
        from django.core.checks import register

        from bonafide.privacy.ask_to_erase import withdraw_at_sign_in
        from bonafide.privacy.checks import files_are_declared, logs_are_declared, stores_are_declared

        register(logs_are_declared)
        register(files_are_declared)
        register(stores_are_declared)
        # Every way in ends here, and the floors below know nothing of erasures.
        user_logged_in.connect(withdraw_at_sign_in, dispatch_uid="privacy.withdraw_at_sign_in")
