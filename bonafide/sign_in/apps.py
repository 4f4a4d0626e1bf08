from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignInConfig(AppConfig):
    name = "bonafide.sign_in"
    label = "sign_in"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        from allauth.account.signals import authentication_step_completed
        from allauth.mfa.signals import authenticator_used
        from django.core.checks import register
        from django.db.models.signals import post_save

        from bonafide.accounts.models import ApiKey
        from bonafide.sessions.end import sessions_ended
        from bonafide.sign_in.changes import note_code_used, note_key_made, note_sessions_ended
        from bonafide.sign_in.checks import breached_passwords_can_be_looked_up, providers_have_their_secrets
        from bonafide.sign_in.new_key import give_new_key

        register(breached_passwords_can_be_looked_up)
        register(providers_have_their_secrets)
        # allauth announces changes of factors to the adapter, but the use of one by this signal alone.
        authenticator_used.connect(note_code_used, dispatch_uid="sign_in.note_code_used")
        # Likewise of a confirmed identity: no method of its adapters is called.
        authentication_step_completed.connect(give_new_key, dispatch_uid="sign_in.give_new_key")
        # Keys are made, and sessions ended, on floors below, which know nothing of these letters.
        post_save.connect(note_key_made, sender=ApiKey, dispatch_uid="sign_in.note_key_made")
        sessions_ended.connect(note_sessions_ended, dispatch_uid="sign_in.note_sessions_ended")
