from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "bonafide.contracts"
    label = "contracts"
