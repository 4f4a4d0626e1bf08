"""Django's settings, all of them derived from the instance's folder, its operator's file and the environment."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from bonafide import operator
from bonafide.instance import Instance, database_settings, secret
from bonafide.web.static_files import static_headers

INSTANCE = Instance.here()
OPERATOR = operator.load(INSTANCE.operator_file)

SECRET_KEY = INSTANCE.secret_key()
SECRET_KEY_FALLBACKS = secret("BONAFIDE_SECRET_KEY_BEFORE").split()
DEBUG = False
SECURE = OPERATOR.service.console_url.startswith("https://")
CONSOLE_HOST = OPERATOR.service.console_url.split("//")[1].split("/")[0].rsplit(":", 1)[0]
ALLOWED_HOSTS = [CONSOLE_HOST] if SECURE else [CONSOLE_HOST, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [OPERATOR.service.console_url]

INSTALLED_APPS = [
    # Ours come first: their templates stand in for those of the same name below.
    "bonafide.web",
    "bonafide.outgoing",
    "bonafide.mail",
    "bonafide.webhooks",
    "bonafide.sessions",
    "bonafide.accounts",
    "bonafide.sign_in",
    "bonafide.privacy",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_tasks",
    "django_tasks_db",
    "bonafide.background",
    "bonafide.pricing",
    "bonafide.usage",
    "bonafide.billing",
    "bonafide.documents",
    "bonafide.payments",
    "bonafide.payments.stripe",
    "bonafide.payments.transfers",
    "bonafide.payments.dunning",
    "bonafide.contracts",
    "bonafide.terms",
    "bonafide.help",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "bonafide.privacy.access_log.AccessLogMiddleware",
    "bonafide.privacy.cookies.CookieGuardMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bonafide.web.headers.SecurityHeadersMiddleware",
    "bonafide.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bonafide.sessions.middleware.HoldMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bonafide.sign_in.confirming.ConfirmingMiddleware",
    "bonafide.sign_in.factors.staff.StaffSecondFactorMiddleware",
    "bonafide.accounts.current.CurrentAccountMiddleware",
    "bonafide.privacy.visiting.VisitMiddleware",
    "bonafide.privacy.looking.LookMiddleware",
]

ROOT_URLCONF = "bonafide.urls"
WSGI_APPLICATION = "bonafide.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": database_settings(INSTANCE)}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bonafide.web.context.operator",
                "bonafide.terms.context.promises",
                "bonafide.payments.dunning.context.suspension",
            ],
        },
    },
]

# Who signs in, and how
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["bonafide.sign_in.backend.AuthenticationBackend"]
# scrypt with N=2^14, r=8, p=5, one of OWASP's equal choices: costly in memory too, and in the standard library. The second one
# only reads what earlier versions wrote, and has it hashed anew at the next sign-in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"bonafide.sign_in.passwords.{name}"}
    for name in ("LengthValidator", "CommonValidator", "BreachedValidator", "ContextValidator")
]
ACCOUNT_ADAPTER = "bonafide.sign_in.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "bonafide.sign_in.forms.SignInForm",
    "signup": "bonafide.sign_in.forms.SignUpForm",
    "reset_password": "bonafide.sign_in.forms.ResetPasswordForm",
    "reset_password_from_key": "bonafide.sign_in.forms.ResetPasswordKeyForm",
    "change_password": "bonafide.sign_in.forms.ChangePasswordForm",
    "set_password": "bonafide.sign_in.forms.SetPasswordForm",
    "reauthenticate": "bonafide.sign_in.forms.ConfirmForm",
}
# How often each thing may be tried: per address (ip), per person (user), per name or address typed (key).
# docs/security.md says why; the counts are shared by all processes, through the store below.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,100/h/ip,5/5m/key",  # passwords, and second-factor codes
    "reauthenticate": "10/m/user,20/m/ip",
    "change_password": "5/m/user,20/m/ip",
    "manage_email": "10/m/user,20/m/ip",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "signup": "30/h/ip",
    "confirm_email": "1/3m/key,10/d/key",
    "accept_invitation": "20/m/ip",
    "provider": "30/m/ip",
    "notice": "20/h/ip,10/h/key",  # withdrawing and cancelling without signing in
    "redeem_code": "10/h/user,30/h/ip",
}
CACHES = {
    "default": {
        "BACKEND": "bonafide.sign_in.shared_store.SharedStore",
        "KEY_FUNCTION": "bonafide.sign_in.shared_store.opaque_key",
    }
}
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_USERNAME_VALIDATORS = "bonafide.sign_in.names.VALIDATORS"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = OPERATOR.sessions.confirm_minutes * 60
# Second factors. Recovery codes are ours (sign_in/factors/recovery_codes.py): allauth must not make any, so they are left out.
MFA_ADAPTER = "bonafide.sign_in.factors.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_FORMS = {
    "authenticate": "bonafide.sign_in.factors.forms.AuthenticateForm",
    "reauthenticate": "bonafide.sign_in.factors.forms.ReauthenticateForm",
    "authenticate_webauthn": "bonafide.sign_in.factors.forms.AuthenticateWebAuthnForm",
    "reauthenticate_webauthn": "bonafide.sign_in.factors.forms.ReauthenticateWebAuthnForm",
    "login_webauthn": "bonafide.sign_in.factors.forms.LoginWebAuthnForm",
    "add_webauthn": "bonafide.sign_in.factors.forms.AddWebAuthnForm",
    "edit_webauthn": "bonafide.sign_in.factors.forms.EditWebAuthnForm",
    "activate_totp": "bonafide.sign_in.factors.forms.ActivateTOTPForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
# A key without fingerprint, face or PIN is something held and nothing more: no way in may be weaker than another.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 0  # a code lives its thirty seconds, no longer (OWASP ASVS 5.0, 6.5.5); phones know the time
MFA_TRUST_ENABLED = False
# Providers: those of the operator's file alone (sign_in/providers). Nobody is recognised by an address a provider names.
PROVIDER_SECRETS = {provider.id: secret(provider.secret_name) for provider in OPERATOR.sign_in.providers}
SOCIALACCOUNT_ADAPTER = "bonafide.sign_in.providers.adapter.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "bonafide.sign_in.providers.forms.ProviderSignUpForm"}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "bonafide.sign_in.providers.client.Provider"}}
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_ENGINE = "bonafide.sessions.store"
# A name that begins with __Host- makes browsers refuse a cookie that another host of the domain planted.
_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME = f"{_PREFIX}session"
CSRF_COOKIE_NAME = f"{_PREFIX}csrftoken"
CSRF_COOKIE_AGE = SESSION_COOKIE_AGE = OPERATOR.sessions.absolute_hours * 3600
MESSAGES_COOKIE_NAME = f"{_PREFIX}messages"
MESSAGE_STORAGE = "bonafide.web.messages.NoticeStorage"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
# By which a sign-in from a new browser is noticed, for a year after the last one: bonafide/sign_in/browsers.py
BROWSER_COOKIE_NAME = f"{_PREFIX}browser"
BROWSER_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}language"
LANGUAGE_COOKIE_AGE = 15_552_000  # six months: how long a remembered choice needs no consent (CNIL 2020-091)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
X_FRAME_OPTIONS = "DENY"
# A forwarded host name is never believed: the console knows its own. Addresses are, as far as proxies were declared.
ALLAUTH_TRUSTED_PROXY_COUNT = OPERATOR.network.proxies or 0
USE_X_FORWARDED_HOST = False
# Who says until when a processor that was declared still waits, because customers are being told: asked when something leaves.
RECIPIENTS_WAIT = "bonafide.terms.recipients.waits_until"
# Who says which values of the operator's file hold now: asked wherever a limit is shown or kept (bonafide/in_force.py).
OPERATOR_IN_FORCE = "bonafide.terms.versions.operator_now"

# Who says which version of the terms holds, and notes that somebody accepted it: asked when something is ordered.
TERMS_IN_FORCE = "bonafide.terms.acceptance.number_in_force"
TERMS_ACCEPT = "bonafide.terms.acceptance.accept"

# Who ends what an account ordered when it is closed because bills were not paid: contracts stand above payments.
CONTRACTS_END = "bonafide.contracts.end.end_contracts_of"

# What stands around booking money, for whoever was suspended: who follows up unpaid bills stands above who takes money in.
PAYMENT_TAKEN = "bonafide.payments.dunning.reinstate.reinstating"

# Stripe: its keys, and where it is when it is not the real one (for trying out, on this machine)
STRIPE_SECRET_KEY = secret("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = secret("STRIPE_WEBHOOK_SECRET")
STRIPE_API_URL = secret("STRIPE_API_URL")

# Programs of the operator's own that are told what happens
WEBHOOK_SECRETS = {endpoint.id: secret(endpoint.secret_name) for endpoint in OPERATOR.webhooks}

# Languages, dates
LANGUAGE_CODE = OPERATOR.service.language
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [str(Instance.package_folder() / "locale")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = OPERATOR.service.time_zone

# Files
STATIC_URL = "/static/"
STATIC_ROOT = str(INSTANCE.home / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(INSTANCE.documents)}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site's page reads or shows our files
WHITENOISE_ADD_HEADERS_FUNCTION = static_headers
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20  # a batch of 10,000 events is about 3 MB

# Letters
EMAIL_BACKEND = {
    "smtp": "bonafide.outgoing.smtp.EmailBackend",
    "file": "django.core.mail.backends.filebased.EmailBackend",
}[OPERATOR.mail.delivery]
EMAIL_FILE_PATH = str(INSTANCE.letters)
EMAIL_HOST, EMAIL_PORT = OPERATOR.mail.host, OPERATOR.mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = OPERATOR.mail.user, secret("BONAFIDE_MAIL_PASSWORD")
EMAIL_USE_TLS, EMAIL_USE_SSL = OPERATOR.mail.security == "starttls", OPERATOR.mail.security == "tls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"{OPERATOR.identity.trade_name} <{OPERATOR.mail.sender}>"

# The staff's back office
UNFOLD = {
    "SITE_TITLE": OPERATOR.identity.trade_name,
    "SITE_HEADER": OPERATOR.identity.trade_name,
    "SITE_SUBHEADER": _("Back office"),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("web/seal.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("web/seal.svg")}],
    "SHOW_VIEW_ON_SITE": False,
    "SITE_DROPDOWN": [
        {"title": _("Console"), "link": "/", "icon": "home"},
        {"title": _("Test accounts"), "link": reverse_lazy("test_accounts"), "icon": "science"},
        {"title": _("Bank transfers"), "link": reverse_lazy("bank_transfers"), "icon": "account_balance"},
        {"title": _("Unpaid bills"), "link": reverse_lazy("dunning"), "icon": "schedule"},
    ],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {  # the console's seal green, from pale to deep
            "50": "#f0f8f5",
            "100": "#e3f1eb",
            "200": "#c2e2d5",
            "300": "#8fcbb5",
            "400": "#4cc9a0",
            "500": "#138a68",
            "600": "#0b6b50",
            "700": "#08543f",
            "800": "#0a4333",
            "900": "#0b372b",
            "950": "#041f18",
        },
    },
}

# Background work: see docs/decisions/0004-background-work.md
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Each line says when: what somebody keeps of them in a file is deleted by the time in it (bonafide/privacy/log_files.py).
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%Y-%m-%dT%H:%M:%S%z"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
