"""The HTTP interface for machines, at ``/api/v1/``."""
