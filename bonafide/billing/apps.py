from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "bonafide.billing"
    label = "billing"
