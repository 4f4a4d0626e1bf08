from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "bonafide.pricing"
    label = "pricing"
