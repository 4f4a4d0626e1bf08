"""Saved means of payment, and automatic payment."""

from django.urls import path

from bonafide.payments.stripe.methods import views

urlpatterns = [
    path("payment-methods", views.payment_methods, name="payment_methods"),
    path("payment-methods/save", views.save, name="save_method"),
    path("payment-methods/saved/<uuid:key>", views.saved, name="method_saved"),
    path("payment-methods/automatic/end", views.end, name="end_auto_pay"),
    path("payment-methods/<int:pk>/first", views.first, name="method_first"),
    path("payment-methods/<int:pk>/remove", views.remove, name="remove_method"),
    path("payment-methods/<int:pk>/automatic", views.agree, name="agree_auto_pay"),
]
