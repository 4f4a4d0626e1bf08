from django.apps import AppConfig


class StripeConfig(AppConfig):
    name = "bonafide.payments.stripe"
    label = "payments_stripe"
