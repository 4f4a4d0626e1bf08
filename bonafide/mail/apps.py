from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "bonafide.mail"
    label = "mail"
