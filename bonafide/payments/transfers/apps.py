from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "bonafide.payments.transfers"
    label = "payments_transfers"
