"""The ways in and out. Only the pages of allauth that we have made our own are here; the others do not exist."""

from allauth.account import views as allauth
from django.urls import include, path, re_path

from bonafide.sign_in import views

urlpatterns = [
    path("", include("bonafide.sign_in.factors.urls")),
    path("", include("bonafide.sign_in.providers.urls")),
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("account/new-password-needed/", views.reset_required, name="reset_required"),
    path("account/not-me/<str:token>/", views.not_me, name="not_me"),
    path("account/signup/", views.sign_up, name="account_signup"),
    path("account/confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^account/confirm-email/(?P<key>[-:\w]+)/$", allauth.confirm_email, name="account_confirm_email"),
    path("account/password/change/", allauth.password_change, name="account_change_password"),
    path("account/password/set/", allauth.password_set, name="account_set_password"),
    path("account/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("account/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.reset_password,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
