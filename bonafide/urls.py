"""Every address of the console."""

from django.contrib import admin
from django.urls import include, path

from bonafide.api.v1 import api
from bonafide.overview import overview
from bonafide.usage_page import usage

urlpatterns = [
    path("", overview, name="overview"),
    path("usage", usage, name="usage"),
    path("", include("bonafide.sign_in.urls")),
    path("", include("bonafide.mail.urls")),
    path("", include("bonafide.sessions.urls")),
    path("", include("bonafide.accounts.urls")),
    path("", include("bonafide.privacy.urls")),
    path("", include("bonafide.books.urls")),
    path("", include("bonafide.outgoing.urls")),
    path("", include("bonafide.terms.urls")),
    path("", include("bonafide.help.urls")),
    path("", include("bonafide.contracts.urls")),
    path("", include("bonafide.payments.transfers.urls")),
    path("", include("bonafide.documents.urls")),
    path("", include("bonafide.payments.stripe.urls")),
    path("", include("bonafide.billing.urls")),
    path("", include("bonafide.billing.simulate.urls")),
    path("", include("bonafide.payments.dunning.urls")),
    path("", include("bonafide.usage.urls")),
    path("api/v1/", api.urls),
    path("staff/", admin.site.urls),
]

handler400 = "bonafide.web.errors.bad_request"
handler403 = "bonafide.web.errors.forbidden"
handler404 = "bonafide.web.errors.not_found"
handler429 = "bonafide.sign_in.views.too_many"
handler500 = "bonafide.web.errors.broken"
