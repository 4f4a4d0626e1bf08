"""The books, for staff. They stand before the admin's addresses, which take the rest of ``staff/``."""

from django.urls import path

from bonafide.books import views

urlpatterns = [
    path("staff/books", views.report, name="books_report"),
    path("staff/books.csv", views.report_csv, name="books_report_csv"),
]
