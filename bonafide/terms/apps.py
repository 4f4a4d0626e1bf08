from django.apps import AppConfig


class TermsConfig(AppConfig):
    name = "bonafide.terms"
    label = "terms"
