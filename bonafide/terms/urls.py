"""The terms of service and the legal notice."""

from django.urls import path

from bonafide.terms.views import promises as views
from bonafide.terms.views import versions as version_views

urlpatterns = [
    path("terms", version_views.terms, name="terms"),
    path("terms/accept", version_views.accept_terms, name="accept_terms"),
    path("terms/<int:number>", version_views.version, name="terms_version"),
    path("terms/<int:number>.pdf", version_views.version_pdf, name="terms_version_pdf"),
    path("terms/changes/<int:before>..<int:after>", version_views.changes, name="terms_changes"),
    path("legal", views.legal, name="legal"),
    path("cookies", views.cookies, name="cookies"),
    path("promises", views.promises, name="promises"),
    path("promises/evidence.jsonl", views.evidence_chain, name="evidence_chain"),
    path("promises/<str:clause_id>", views.promise, name="promise"),
    path(".well-known/promises.json", views.promises_for_machines, name="promises_for_machines"),
]
