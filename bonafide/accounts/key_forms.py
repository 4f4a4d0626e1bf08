"""What an owner fills in about a new API key."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bonafide.accounts.models import ApiKey

# What each scope opens, said under its name to who gives it.
SCOPES = {
    ApiKey.Scope.USAGE_READ: gettext_lazy("What this account used, by month and meter."),
    ApiKey.Scope.USAGE_WRITE: gettext_lazy("It is billed to this account."),
    ApiKey.Scope.BILLS_READ: gettext_lazy("All bills of this account, with their lines."),
    ApiKey.Scope.SESSIONS: gettext_lazy("Of yours alone: where you are signed in, and ending that."),
}
DAYS = ngettext_lazy("%d day", "%d days")
CHOICES = (30, 90, 365)
LONGEST = 2 * 366  # days: a key that nobody has looked at for so long is nobody's any more


def scope_choices() -> list[tuple[str, str]]:
    return [(scope.value, format_html("{}<br><small>{}</small>", scope.label, text)) for scope, text in SCOPES.items()]


def end_choices() -> list[tuple[str, str]]:
    return [(str(days), str(DAYS % days)) for days in CHOICES] + [("date", _("until a day of my choice"))]


class KeyForm(forms.Form):
    """``now`` is when it is filled in; ``cleaned_data["expires_at"]`` is the end of the last day on the operator's clock."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("By which you will know it again: the program or machine that uses it."),
    )
    scopes = forms.MultipleChoiceField(label=gettext_lazy("Opens"), choices=scope_choices, widget=forms.CheckboxSelectMultiple)
    ends = forms.ChoiceField(label=gettext_lazy("Works for"), choices=end_choices, initial="365")
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Only where you chose a day of your own."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        zone = settings.OPERATOR.zone
        today = self.now.astimezone(zone).date()
        if data.get("ends") != "date":
            last = today + timedelta(days=int(data.get("ends") or 0))
        elif data.get("last_day"):
            last = data["last_day"]
            if not today <= last <= today + timedelta(days=LONGEST):
                self.add_error("last_day", ValidationError(_("Choose a day from today on, at most two years ahead.")))
                return data
        elif "last_day" not in self.errors:
            self.add_error("last_day", ValidationError(_("Say until which day the key works.")))
            return data
        else:
            return data
        data["expires_at"] = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)
        return data
