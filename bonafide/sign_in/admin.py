"""The back office has no sign-in of its own, and no page on which second factors could be read or taken away."""

import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401 - likewise
from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

# Our rate limits, second factors and verification guard the console's sign-in; the admin's own page would be a way around them.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Authenticator)
# Providers are the operator's file's; whom they vouch for is each person's own matter.
for model in (SocialApp, SocialToken, SocialAccount):
    admin.site.unregister(model)
