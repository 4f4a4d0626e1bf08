from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "bonafide.usage"
    label = "usage"
