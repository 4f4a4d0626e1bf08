"""The invented customers: persons and companies, here and abroad, in every state a newcomer should see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Customer:
    """One account, and what it runs: ``machines`` are (meter, name), each existing around the clock."""

    reference: str
    kind: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    language: str
    machines: tuple[tuple[str, str], ...]
    storage_gb: int
    requests_per_hour: int
    vat_number: str = ""
    registration: str = ""
    purchase_order: str = ""
    pays: bool = True


@dataclass(frozen=True)
class Person:
    """Someone who can sign in, with their role at each account."""

    username: str
    language: str
    roles: tuple[tuple[str, str], ...]
    staff: bool = False


SMALL, LARGE = "dev1-l", "dev1-xl"

CUSTOMERS = (
    Customer("atelier-vega", "company", "Atelier Vega SARL", "8 rue des Tanneurs", "69005", "Lyon", "FR", "fr",
             ((SMALL, "atelier-web-1"), (SMALL, "atelier-web-2"), (LARGE, "atelier-db")), 900, 420,
             vat_number="FR83404833048", registration="404833048", purchase_order="VEGA-2026-17"),
    Customer("cafe-lumiere", "company", "Café Lumière", "2 place du Marché", "35000", "Rennes", "FR", "fr",
             ((SMALL, "lumiere-caisse"),), 60, 15, registration="552100554"),
    Customer("theo-marchand", "person", "Théo Marchand", "17 rue Pasteur", "44000", "Nantes", "FR", "fr",
             ((SMALL, "theo"),), 40, 6),
    Customer("hafen-software", "company", "Hafen Software GmbH", "Speicherstraße 9", "20457", "Hamburg", "DE", "en",
             ((LARGE, "hafen-app-1"), (LARGE, "hafen-app-2"), (LARGE, "hafen-db")), 2400, 2600, vat_number="DE136695976"),
    Customer("orto-verde", "company", "Orto Verde S.r.l.", "Via dei Giardini 4", "20121", "Milano", "IT", "en",
             ((SMALL, "orto-shop"),), 120, 90, vat_number="IT00743110157"),
    Customer("ana-ruiz", "person", "Ana Ruiz", "Calle del Sol 21", "41003", "Sevilla", "ES", "en", ((SMALL, "blog"),), 25, 4),
    Customer("brouwerij-zwaan", "company", "Brouwerij De Zwaan", "Kanaalkade 3", "9000", "Gent", "BE", "fr",
             ((SMALL, "zwaan-web"), (SMALL, "zwaan-winkel")), 80, 55, pays=False),
    Customer("kyma", "company", "Κύμα Ναυτιλιακή Α.Ε.", "Ακτή Μιαούλη 12", "185 35", "Πειραιάς", "GR", "en",
             ((LARGE, "kyma-core"),), 640, 310, vat_number="EL094014201"),
    Customer("polska-mapa", "company", "Polska Mapa sp. z o.o.", "ul. Szeroka 30", "31-053", "Kraków", "PL", "en",
             ((SMALL, "tiles-1"), (SMALL, "tiles-2"), (SMALL, "tiles-3")), 5200, 3900),
    Customer("bergbahn", "company", "Bergbahn Wengen AG", "Dorfstrasse 1", "3823", "Wengen", "CH", "en",
             ((SMALL, "webcam"),), 310, 75),
    Customer("yamanote", "company", "山手工房株式会社", "神宮前1-2-3", "150-0001", "東京都渋谷区", "JP", "en",
             ((LARGE, "yamanote-api"),), 200, 800),
    Customer("asso-rivages", "company", "Association Rivages", "1 quai Valin", "17000", "La Rochelle", "FR", "fr",
             (), 12, 2),
)  # fmt: skip

PASSWORD = "lantern-harbour-demo"  # noqa: S105 - shown to whoever starts the demo; it opens nothing else

# The secret of the authenticator app of "staff", whose code `bonafide demo --code` shows; as public as the password.
STAFF_APP = "NORDLYSDEMOSECRETNORDLYSDEMOSECR"

PEOPLE = (
    Person("vega", "fr", (("atelier-vega", "owner"), ("cafe-lumiere", "billing"))),
    Person("hafen", "en", (("hafen-software", "owner"),)),
    Person("theo", "fr", (("theo-marchand", "owner"),)),
    Person("zwaan", "fr", (("brouwerij-zwaan", "owner"),)),
    Person("viewer", "en", (("hafen-software", "viewer"), ("kyma", "viewer"))),
    Person("staff", "en", (), staff=True),
)
