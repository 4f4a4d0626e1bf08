"""What a browser gets: the page to pay on, and the bank's page that asks whether it is you."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from tests.fakes.stripe import checkout, payments, setups
from tests.fakes.stripe.cards import ACCOUNTS, CARDS
from tests.fakes.stripe.checkout import Choice
from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.state import State, Thing

Answer = tuple[int, str, str]  # status, address to go to, text

STYLE = """:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:Canvas;color:CanvasText}
main{max-width:34rem;margin:1.5rem auto;padding:0 1rem}
.stand-in{background:#6b3fa0;color:#fff;padding:.6rem 1rem;text-align:center}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1rem;margin:1.6rem 0 .4rem}
label{display:block;margin:.35rem 0;padding:.15rem 0}
input[type=text],select{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid GrayText;border-radius:6px}
button{font:inherit;display:block;width:100%;margin:.4rem 0;padding:.7rem 1rem;border:1px solid #6b3fa0;border-radius:6px;
background:Canvas;color:CanvasText;cursor:pointer;text-align:left}
button.main{background:#6b3fa0;color:#fff;text-align:center}
button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible{outline:3px solid #b58ae6;outline-offset:2px}
.error{color:#b00020;background:#fdecea;padding:.6rem 1rem;border-radius:6px}
small{color:GrayText}"""
STAND_IN = (
    "<header class='stand-in'>A stand-in for Stripe, for trying out. Nothing here is real and <b>no money moves</b>.</header>"
)
# What most people want to see, each a button of its own (by its place here): the method, and what it shows.
QUICK = (
    ("pm_card_visa", "A card that works"),
    ("pm_card_authenticationRequired", "A card whose bank asks whether it is you"),
    ("pm_card_chargeDeclinedInsufficientFunds", "A card that is declined"),
)


def answer(state: State, method: str, path: str, form: dict[str, str]) -> Answer:
    """Of a path under ``/c/pay/`` or ``/3ds/``."""
    kind, _, name = path.strip("/").rpartition("/")
    if kind == "c/pay" and name in state.things["checkout.session"]:
        session = state.things["checkout.session"][name]
        return _pay(state, session, form) if method == "POST" else _show(state, session)
    intent = state.get(name) if kind == "3ds" else None
    if intent is None:
        return (
            404,
            "",
            _page("Not found", "<h1>Something went wrong</h1><p>The page you were looking for could not be found.</p>"),
        )
    return _authenticate(state, intent, form) if method == "POST" else _ask(state, intent)


# --- Paying ---
def _pay(state: State, session: Thing, form: dict[str, str]) -> Answer:
    if session["status"] == "open":
        quick = form.get("quick", "")
        chosen = QUICK[int(quick)][0] if quick.isdigit() and int(quick) < len(QUICK) else quick or form.get("method", "")
        iban = (form.get("other_iban") or form.get("iban", "")).replace(" ", "").upper()
        choice = Choice(
            method=iban if chosen == "sepa_debit" else chosen,
            name=form.get("name", "").strip() or "Mira Person",
            email=form.get("email", "").strip() or "mira@example.org",
        )
        try:
            checkout.submit(state, session, choice)
        except StripeError as error:
            state.hidden[session["id"]]["error"] = str(error)
    return 303, _next(state, session), ""


def _next(state: State, session: Thing) -> str:
    if session["status"] == "complete":
        return checkout.success_url(session)
    intent = state.get(session["payment_intent"] or session["setup_intent"])
    if intent and intent["status"] == "requires_action":
        return f"{state.url}/3ds/{intent['id']}"
    return f"{state.url}/c/pay/{session['id']}"


def _show(state: State, session: Thing) -> Answer:
    if session["status"] == "complete":
        return 303, checkout.success_url(session), ""
    if session["status"] == "expired":
        return 404, "", _page("Expired", "<h1>Something went wrong</h1><p>This Checkout Session has expired.</p>")
    hidden = state.hidden[session["id"]]
    lines = "".join(
        f"<p>{escape(item['description'])}: <b>{_amount(item['amount_total'], item['currency'])}</b></p>"
        for item in hidden["line_items"]
    )
    paying = session["mode"] == "payment"
    total = (
        f"<h1>Pay {_amount(session['amount_total'], session['currency'])}</h1>" if paying else "<h1>Save a payment method</h1>"
    )
    error = f"<p class='error' role='alert'>{escape(hidden['error'])}</p>" if hidden["error"] else ""
    back = session["cancel_url"]
    leave = f"<p><a id='cancel' href='{escape(back, quote=True)}'>Back to {escape(urlsplit(back).netloc)}</a></p>" if back else ""
    details = session["customer_details"] or {}
    email = details.get("email") or session["customer_email"] or ""
    verb = "Pay" if paying else "Save"
    return (
        200,
        "",
        _page(
            "Checkout",
            f"{leave}{total}{lines}{error}<form method='post'>{_quick(session, verb)}<h2>Or any test card or account</h2>"
            f"{_methods(session)}"
            f"<label>E-mail <input type='text' name='email' value='{escape(email, quote=True)}'></label>"
            f"<label>Name <input type='text' name='name' value='{escape(details.get('name') or '', quote=True)}'></label>"
            f"<button id='pay' class='main'>{verb}</button></form>",
        ),
    )


def _quick(session: Thing, verb: str) -> str:
    """Buttons that need nothing filled in."""
    shown = []
    if "card" in session["payment_method_types"]:
        shown += [f"<button name='quick' value='{at}'>{verb} with: {label}</button>" for at, (_, label) in enumerate(QUICK)]
    if "sepa_debit" in session["payment_method_types"]:
        iban = next(iter(ACCOUNTS.values())).iban
        shown.append(f"<button name='quick' value='{iban}'>{verb} with: SEPA direct debit from {iban}</button>")
    return "".join(shown)


def _methods(session: Thing) -> str:
    shown = []
    if "card" in session["payment_method_types"]:
        shown += [
            f"<label><input type='radio' name='method' value='{name}'{' checked' if name == 'pm_card_visa' else ''}>"
            f" {' '.join(card.number[at : at + 4] for at in range(0, 16, 4))} {escape(card.label)}</label>"
            for name, card in CARDS.items()
        ]
    if "sepa_debit" in session["payment_method_types"]:
        banks = "".join(f"<option value='{one.iban}'>{one.iban} {escape(one.label)}</option>" for one in ACCOUNTS.values())
        shown.append(
            "<label><input type='radio' name='method' value='sepa_debit'> SEPA direct debit from</label>"
            f"<label>Account <select name='iban'>{banks}</select></label>"
            "<label>or another IBAN <input type='text' name='other_iban'></label>"
        )
    return "".join(shown)


# --- The bank's page ---
def _ask(state: State, intent: Thing) -> Answer:
    if intent["status"] != "requires_action":
        return 303, _after(state, intent, ""), ""
    return (
        200,
        "",
        _page(
            "3-D Secure",
            "<h1>Is it you?</h1><p>Your bank wants to know.</p><form method='post'>"
            "<button id='complete' class='main' name='passed' value='1'>Complete</button>"
            "<button id='fail' name='passed' value=''>Fail</button></form>",
        ),
    )


def _authenticate(state: State, intent: Thing, form: dict[str, str]) -> Answer:
    back = ((intent["next_action"] or {}).get("redirect_to_url") or {}).get("return_url", "")
    if intent["status"] == "requires_action":
        settle(state, intent, passed=bool(form.get("passed")))
    return 303, _after(state, intent, back), ""


def settle(state: State, intent: Thing, *, passed: bool) -> None:
    """The person answered their bank."""
    session = state.get(state.hidden[intent["id"]]["session"])
    if session:
        checkout.authenticate(state, session, passed=passed)
    elif intent["object"] == "setup_intent":
        setups.authenticate(state, intent, passed=passed)
    else:
        try:
            payments.authenticate(state, intent, passed=passed)
        except StripeError as error:
            if error.status != 402:
                raise


def _after(state: State, intent: Thing, back: str) -> str:
    session = state.get(state.hidden[intent["id"]]["session"])
    if session:
        return _next(state, session)
    return payments.back_from_bank(intent, back) if back else f"{state.url}/"


def _amount(minor: int, currency: str) -> str:
    return f"{minor // 100}.{minor % 100:02} {currency.upper()}"


def _page(title: str, inside: str) -> str:
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{title}: a stand-in for Stripe</title><link rel='icon' href='data:,'><style>{STYLE}</style>"
        f"{STAND_IN}<main>{inside}</main>"
    )
