"""The staff's pages of bill runs. They stand before the admin's, which takes the rest of /staff/."""

from django.urls import path

from bonafide.billing import converters  # noqa: F401 - registers the kind "month"
from bonafide.billing.runs import views

urlpatterns = [
    path("staff/bill-runs/", views.bill_runs, name="bill_runs"),
    path("staff/bill-runs/<month:month>", views.bill_run, name="bill_run"),
    path("staff/bill-runs/<month:month>/rehearse", views.rehearse, name="rehearse_bills"),
    path("staff/bill-runs/<month:month>/sign-off", views.sign, name="sign_off_bills"),
    path("staff/bill-runs/<month:month>/issue", views.issue, name="issue_bills"),
    path("staff/bill-runs/<month:month>/accounts/<int:pk>", views.rehearsed_bill, name="rehearsed_bill"),
]
