"""What an account has before its bill comes (vouchers, credits, money paid in advance), and charges of their own beside usage.

Owns grants, what was taken from each (never more than was granted: the database refuses it), voucher codes and one-off
charges. Is given the lines of a bill before tax; yields its discounts, and what of its total is paid already.
"""
