"""THE PAGE OF MEANS OF PAYMENT: what is saved, which is first, taking one away, and automatic payment."""
