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

STYLE = """body{font:16px/1.5 system-ui;max-width:34rem;margin:2rem auto;padding:0 1rem}
label,button,.error{display:block;margin:.4rem 0}
.error{color:#b00020}button{padding:.6rem 1.2rem;font:inherit}input[type=text]{font:inherit;width:100%;box-sizing:border-box}"""


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
        chosen = form.get("method", "")
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
    return (
        200,
        "",
        _page(
            "Checkout",
            f"{leave}{total}{lines}{error}<form method='post'>{_methods(session)}"
            f"<label>E-mail <input type='text' name='email' value='{escape(email, quote=True)}'></label>"
            f"<label>Name <input type='text' name='name' value='{escape(details.get('name') or '', quote=True)}'></label>"
            f"<button id='pay'>{'Pay' if paying else 'Save'}</button></form>",
        ),
    )


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
            "<h1>Is it you?</h1><p>Your bank wants to know.</p><form method='post'><button id='complete' name='passed' value='1'>"
            "Complete</button><button id='fail' name='passed' value=''>Fail</button></form>",
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
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{STYLE}</style><main>{inside}</main>"
    )
