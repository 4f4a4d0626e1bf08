"""Our documents before the validators that others wrote: Mustang (Factur-X, EN 16931) and veraPDF (PDF/A-3b, PDF/UA-1)."""
