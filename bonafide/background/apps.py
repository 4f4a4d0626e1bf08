from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    name = "bonafide.background"
    label = "background"
