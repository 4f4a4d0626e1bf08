"""The ways over a provider. The names are allauth's wherever its own code leads there by name."""

from django.urls import path

from bonafide.sign_in.providers import views

urlpatterns = [
    path("account/provider/cancelled/", views.cancelled, name="socialaccount_login_cancelled"),
    path("account/provider/signup/", views.sign_up, name="socialaccount_signup"),
    path("account/provider/<slug:provider_id>/", views.sign_in, name="openid_connect_login"),
    path("account/provider/<slug:provider_id>/callback/", views.callback, name="openid_connect_callback"),
    path("settings/security/providers/<int:pk>/disconnect", views.disconnect, name="disconnect_provider"),
    path("settings/security/providers/<slug:provider_id>/connect", views.connect, name="connect_provider"),
    path("settings/security/providers/<slug:provider_id>/go", views.go, name="go_to_provider"),
]
