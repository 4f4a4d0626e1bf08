"""Bank transfers: statements of accounts are read, their lines find the bills that they pay, and staff decide about the rest."""
