"""Where second factors are shown and set up. The names are allauth's wherever its own code leads there by name."""

from django.urls import path

from bonafide.sign_in.factors import views

urlpatterns = [
    path("account/login/passkey/", views.login_webauthn, name="mfa_login_webauthn"),
    path("account/login/second-step/", views.authenticate, name="mfa_authenticate"),
    path("account/confirm/", views.confirm, name="account_reauthenticate"),
    path("account/confirm/code/", views.confirm_by_code, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", views.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("settings/security", views.security, name="mfa_index"),
    path("settings/security/app", views.activate_totp, name="mfa_activate_totp"),
    path("settings/security/app/remove", views.deactivate_totp, name="mfa_deactivate_totp"),
    path("settings/security/passkeys/add", views.add_webauthn, name="mfa_add_webauthn"),
    path("settings/security/passkeys/<int:pk>/rename", views.edit_webauthn, name="mfa_edit_webauthn"),
    path("settings/security/passkeys/<int:pk>/remove", views.remove_webauthn, name="mfa_remove_webauthn"),
    path("settings/security/recovery-codes", views.show_recovery_codes, name="recovery_codes"),
]
