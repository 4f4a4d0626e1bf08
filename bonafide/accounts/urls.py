"""Who one is, for whom one acts and in which language; who is billed, who else acts for an account, and its programs' keys."""

from django.urls import path

from bonafide.accounts.views import api_keys, choosing, company, invitations, members, profile

urlpatterns = [
    path("accounts/switch", choosing.switch_account, name="switch_account"),
    path("language", choosing.choose_language, name="choose_language"),
    path("settings/profile", profile.profile, name="profile"),
    path("settings/profile/email", profile.change_email, name="change_email"),
    path("settings/profile/email/send", profile.send_again, name="send_email_change_again"),
    path("settings/profile/email/cancel", profile.cancel_change, name="cancel_email_change"),
    path("confirm-address/<str:token>", profile.confirm_email, name="confirm_change"),
    path("settings/company", company.company, name="company"),
    path("settings/company/ask-vies", company.ask_vies, name="ask_vies"),
    path("settings/members", members.members, name="members"),
    path("settings/members/invite", members.invite_member, name="invite_member"),
    path("settings/members/leave", members.leave, name="leave_account"),
    path("settings/members/<int:pk>", members.member, name="member"),
    path("settings/members/<int:pk>/remove", members.remove, name="remove_member"),
    path("settings/members/invitations/<int:pk>/send", members.resend_invitation, name="resend_invitation"),
    path("settings/members/invitations/<int:pk>/withdraw", members.withdraw_invitation, name="withdraw_invitation"),
    path("invitations/<str:token>", invitations.invitation, name="invitation"),
    path("settings/api-keys", api_keys.api_keys, name="api_keys"),
    path("settings/api-keys/new", api_keys.new_api_key, name="new_api_key"),
    path("settings/api-keys/<int:pk>/revoke", api_keys.revoke_api_key, name="revoke_api_key"),
]
