"""Payment by Stripe."""

from django.urls import include, path

urlpatterns = [
    path("", include("bonafide.payments.stripe.methods.urls")),
]
