from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "bonafide.documents"
    label = "documents"
