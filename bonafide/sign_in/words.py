"""What each letter about somebody's security says.

No letter holds an IP address: mail is stored and forwarded by machines that are not ours, for longer than we may keep an
address, and nobody can sweep it there. It names the browser and the system, in words that many people share, and leads to
``/settings/sign-ins``, where the address is shown to whoever is signed in, for as long as it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bonafide.sessions.words import client_words, way_words
from bonafide.sign_in.models import Event


@dataclass(frozen=True)
class Words:
    """``text`` takes ``%(when)s`` and what the event brings along. ``alarm``: the letter carries a "this was not me" link."""

    subject: Any
    text: Any
    alarm: bool = True


WORDS = {
    Event.NEW_BROWSER: Words(
        _("Sign-in with a new browser"),
        _(
            "Somebody signed in as you on %(when)s, with a browser that you had not used here before: %(browser)s. "
            "It was done with: %(how)s."
        ),
    ),
    Event.AFTER_FAILURES: Words(
        _("Sign-in after failed attempts"),
        _("Somebody signed in as you on %(when)s, after several attempts with a wrong password. Browser: %(browser)s."),
    ),
    Event.TOO_MANY: Words(
        _("Many failed attempts to sign in as you"),
        _(
            "On %(when)s there were so many attempts to sign in as you with a wrong password that we made a pause. "
            "None of them got in. We tell you this at most once a day."
        ),
    ),
    Event.CODE_REFUSED: Words(
        _("Somebody was stopped at your second step"),
        _(
            "On %(when)s somebody got past the first step of signing in as you, which is your password or a provider, and then "
            "failed several times at the second. They did not get in. Browser: %(browser)s. We tell you this at most once a day."
        ),
    ),
    Event.PASSWORD_CHANGED: Words(
        _("Your password was changed"),
        _("Your password was changed on %(when)s. All other sessions of yours were ended."),
    ),
    Event.PASSWORD_SET: Words(
        _("You have a password now"),
        _("A password was set for you on %(when)s. All other sessions of yours were ended."),
    ),
    Event.PASSWORD_RESET: Words(
        _("Your password was changed"),
        _("Your password was replaced on %(when)s with the link from our letter. All sessions of yours were ended."),
    ),
    Event.EMAIL_CHANGED: Words(
        _("Your e-mail address was changed"),
        _("The e-mail address of your login was changed on %(when)s. All other sessions of yours were ended."),
    ),
    Event.EMAIL_REMOVED: Words(
        _("An e-mail address was removed"),
        _("On %(when)s an e-mail address was removed from your login."),
    ),
    Event.APP_ADDED: Words(
        _("An authenticator app was added"),
        _("On %(when)s an authenticator app was added to your login. All other sessions of yours were ended."),
    ),
    Event.APP_REMOVED: Words(
        _("The authenticator app was removed"),
        _("On %(when)s the authenticator app was removed from your login. All other sessions of yours were ended."),
    ),
    Event.PASSKEY_ADDED: Words(
        _("A passkey was added"),
        _("On %(when)s a passkey was added to your login. All other sessions of yours were ended."),
    ),
    Event.PASSKEY_REMOVED: Words(
        _("A passkey was removed"),
        _("On %(when)s a passkey was removed from your login. All other sessions of yours were ended."),
    ),
    Event.CODES_MADE: Words(
        _("New recovery codes were made"),
        _(
            "On %(when)s new recovery codes were made for your login. Those from before do not work any more. All other sessions "
            "of yours were ended."
        ),
    ),
    Event.CODE_USED: Words(
        _("A recovery code was used"),
        _("On %(when)s a recovery code was used to prove that it is you. It does not work again."),
    ),
    Event.PROVIDER_CONNECTED: Words(
        _("A way to sign in was added"),
        _("On %(when)s “%(name)s” was connected to your login: whoever has the account there can sign in here."),
    ),
    Event.PROVIDER_REMOVED: Words(
        _("A way to sign in was removed"),
        _("On %(when)s “%(name)s” was disconnected from your login."),
    ),
    Event.API_KEY_MADE: Words(
        _("An API key was made"),
        _("On %(when)s the API key “%(name)s” was made in your name."),
    ),
    Event.FACTORS_RESET: Words(
        _("Our staff removed your second factors"),
        _("On %(when)s our staff removed every passkey, app and recovery code of your login, and ended all your sessions."),
    ),
    Event.SESSIONS_ENDED: Words(
        _("Our staff ended your sessions"),
        _("On %(when)s our staff ended your sessions. You can sign in again at any time."),
        alarm=False,
    ),
    Event.REPORTED: Words(
        _("Choose a new password"),
        _(
            "On %(when)s you told us by the link in a letter that something was not you. We ended all sessions. Nobody can sign "
            "in as you until you have chosen a new password with this link, which works for three days."
        ),
        alarm=False,
    ),
}


def written(event: Event, details: dict[str, str], when: str) -> tuple[str, str]:
    """Subject and text in the language of the moment."""
    words = WORDS[event]
    given = {
        **details,
        "when": when,
        "browser": client_words(details.get("browser", ""), details.get("system", "")),
        "how": way_words(details.get("how", "")) or gettext("the letter that confirms an address"),
    }
    return str(words.subject), str(words.text) % given
