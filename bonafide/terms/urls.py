"""The terms of service and the legal notice."""

from django.urls import path

from bonafide.terms import views

urlpatterns = [
    path("terms", views.terms, name="terms"),
    path("legal", views.legal, name="legal"),
    path("cookies", views.cookies, name="cookies"),
    path("promises", views.promises, name="promises"),
    path("promises/evidence.jsonl", views.evidence_chain, name="evidence_chain"),
    path("promises/<str:clause_id>", views.promise, name="promise"),
    path(".well-known/promises.json", views.promises_for_machines, name="promises_for_machines"),
]
