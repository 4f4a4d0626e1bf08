from django.apps import AppConfig


class HelpConfig(AppConfig):
    name = "bonafide.help"
    label = "help"
