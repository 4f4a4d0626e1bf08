"""WHAT WE PROMISED: the terms of service and the legal notice, generated from the operator's file."""
