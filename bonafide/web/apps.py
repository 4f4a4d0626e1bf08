from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bonafide.web"
    label = "web"
