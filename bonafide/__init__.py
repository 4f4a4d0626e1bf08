"""The customer console of a hosted service, which keeps the terms of service it shows."""
