"""Vouchers, credits, money in advance, and one-off charges."""
