"""The staff's pages of unpaid bills. They stand before the admin's, which takes the rest of /staff/."""

from django.urls import path

from bonafide.payments.dunning import views

urlpatterns = [
    path("staff/dunning/", views.dunning, name="dunning"),
    path("staff/dunning/<int:pk>", views.dunning_account, name="dunning_account"),
    path("staff/dunning/<int:pk>/pause", views.pause_dunning, name="pause_dunning"),
    path("staff/dunning/<int:pk>/resume", views.resume_dunning, name="resume_dunning"),
]
