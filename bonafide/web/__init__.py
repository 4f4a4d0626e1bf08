"""The base page, design tokens, fragments, charts, headers and errors that every other package's pages are made of."""
