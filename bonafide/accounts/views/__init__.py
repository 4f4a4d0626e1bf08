"""The pages of people and accounts, one module per page."""
