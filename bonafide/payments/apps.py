from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "bonafide.payments"
    label = "payments"
