from django.apps import AppConfig


class DunningConfig(AppConfig):
    name = "bonafide.payments.dunning"
    label = "payments_dunning"
