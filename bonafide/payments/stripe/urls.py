"""Where a bill is paid, and where Stripe tells what happened."""

from django.urls import include, path

from bonafide.billing import converters  # noqa: F401 - registers the kind "bill"
from bonafide.payments.stripe import views

urlpatterns = [
    path("bills/<bill:number>/pay", views.pay, name="pay"),
    path("bills/<bill:number>/paid", views.paid, name="paid"),
    path("", include("bonafide.payments.stripe.methods.urls")),
    path("stripe/events", views.events, name="stripe_events"),
]
