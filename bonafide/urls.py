"""Every address of the console."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("staff/", admin.site.urls),
]
