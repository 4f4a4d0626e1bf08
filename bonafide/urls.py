"""Every address of the console."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("bonafide.accounts.urls")),
    path("", include("bonafide.terms.urls")),
    path("staff/", admin.site.urls),
]
