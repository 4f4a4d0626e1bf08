"""Every model of the back office is declared: whose data it holds, or that it holds nobody's."""

from django.contrib import admin

from bonafide.privacy.subjects import HOLDS, HOLDS_NOBODY
from bonafide.terms.models import Evidence


def undeclared():
    return {model._meta.label for model in admin.site._registry} - HOLDS.keys() - HOLDS_NOBODY.keys()


def test_every_model_of_the_back_office_is_declared():
    assert undeclared() == set(), "add a row to bonafide/privacy/subjects.py"
    assert not HOLDS.keys() & HOLDS_NOBODY.keys()


def test_a_model_without_a_row_is_found(monkeypatch):
    monkeypatch.setitem(admin.site._registry, Evidence, admin.ModelAdmin(Evidence, admin.site))
    assert undeclared() == {"terms.Evidence"}
    monkeypatch.delitem(HOLDS, "billing.Invoice")
    assert undeclared() == {"terms.Evidence", "billing.Invoice"}
