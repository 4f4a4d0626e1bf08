from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StripeConfig(AppConfig):
    name = "bonafide.payments.stripe"
    label = "payments_stripe"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from django.core.checks import register

        from bonafide.payments.stripe import checks

        register(checks.stripe_has_its_keys)
        register(checks.stripe_is_where_it_is)
