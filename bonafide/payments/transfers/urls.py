"""The staff's pages of bank transfers. They stand before the admin's, which takes the rest of /staff/."""

from django.urls import path

from bonafide.payments.transfers import views

urlpatterns = [
    path("staff/transfers/", views.bank_transfers, name="bank_transfers"),
    path("staff/transfers/import", views.import_transfers, name="import_transfers"),
    path("staff/transfers/<int:pk>", views.bank_movement, name="bank_movement"),
]
