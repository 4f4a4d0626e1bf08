"""How templates say means of payment."""
