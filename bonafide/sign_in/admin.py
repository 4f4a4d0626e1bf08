"""The back office has no sign-in of its own, and no page on which second factors could be read or taken away."""

import allauth.mfa.admin  # noqa: F401 - registers its own, which we take out below
from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from django.contrib import admin

# Our rate limits, second factors and verification guard the console's sign-in; the admin's own page would be a way around them.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Authenticator)
