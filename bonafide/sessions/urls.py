"""Where people see and end their sessions."""

from django.urls import path

from bonafide.sessions import views

urlpatterns = [
    path("settings/sessions", views.sessions, name="sessions"),
    path("settings/sessions/end-others", views.end_others, name="end_other_sessions"),
    path("settings/sessions/receipt", views.receipt, name="session_receipt"),
    path("settings/sessions/<uuid:pk>/end", views.end_one, name="end_session"),
    path("settings/sign-ins", views.sign_ins, name="sign_ins"),
]
