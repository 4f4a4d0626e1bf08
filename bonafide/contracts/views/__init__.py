"""The pages of ordering, of the contracts of an account, and of the ways out."""
