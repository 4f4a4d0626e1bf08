"""The pages of the terms and their versions, and of the promises."""
