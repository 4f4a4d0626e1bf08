from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "bonafide.webhooks"
    label = "webhooks"
