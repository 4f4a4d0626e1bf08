from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bonafide.accounts"
    label = "accounts"
