"""Personal data that is none: made-up addresses and numbers by the rules of their kinds, and decoys beside them that break a rule.

Each is (kind, value, true or false: whether docs/curation.md, "pii", calls it one). Prefixes of keys are written in two pieces, so that nobody's
scanner takes this file for a leak.
"""
import string

DIGITS, SIGNS = string.digits, string.ascii_letters + string.digits
IBAN = {"DE": "n" * 18, "FR": "n" * 10 + "c" * 11 + "n" * 2, "GB": "a" * 4 + "n" * 14, "NL": "a" * 4 + "n" * 10, "ES": "n" * 20, "PL": "n" * 24, "CH": "n" * 5 + "c" * 12}
KINDS = ("email", "phone", "ip", "iban", "card", "secret")


def some(rng, signs, count):
    return "".join(rng.choices(signs, k=count))


def luhn(digits):
    """The check digit of ISO/IEC 7812-1 that belongs after them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban_check(country, account):
    """ISO/IEC 7064, MOD 97-10."""
    number = int("".join(str(int(sign, 36)) for sign in account + country + "00"))
    return f"{98 - number % 97:02d}"


def grouped(text, sizes, between):
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at:at + size])
        at += size
    return between.join(piece for piece in pieces if piece)


def email(rng):
    name = rng.choice("anna.k john_doe li.wei maria+news t.berg o-neill x".split()) + some(rng, DIGITS, 3)
    return name + "@" + rng.choice("example.com mail.example.org post.example.co.uk bücher.example пример.example firma.museum".split())


def phone(rng):
    d = lambda count: some(rng, DIGITS, count)
    area = f"{rng.randint(201, 989)}"
    return rng.choice((f"+49 30 {d(4)} {d(4)}", f"+44 20 7946 {d(4)}", f"+1-{area}-555-{d(4)}", f"{area}-555-{d(4)}", f"({area}) 555-{d(4)}", f"+7 (495) {d(3)}-{d(2)}-{d(2)}",
                       f"8 800 555-{d(2)}-{d(2)}", f"138 {d(4)} {d(4)}", f"030/{rng.randint(1000, 9999)}-{d(4)}", f"+91{rng.randint(6, 9)}{d(9)}"))


def ip(rng):
    if rng.random() < 0.3:
        return rng.choice(("2001:db8", "2a02:1f0", "2600:9000")) + ":" + ":".join(f"{rng.randrange(1, 65536):x}" for _ in range(6))
    return f"{rng.choice((23, 45, 62, 81, 93, 104, 142, 185, 203, 212))}." + ".".join(str(rng.randint(1, 254)) for _ in range(3))


def iban(rng):
    country = rng.choice(list(IBAN))
    account = "".join(some(rng, {"n": DIGITS, "a": string.ascii_uppercase, "c": string.ascii_uppercase + DIGITS}[kind], 1) for kind in IBAN[country])
    whole = country + iban_check(country, account) + account
    return whole if rng.random() < 0.5 else grouped(whole, [4] * 9, " ")


def card(rng, valid=True):
    begin, length, groups = rng.choice((("4", 16, (4,) * 4), ("53", 16, (4,) * 4), ("2221", 16, (4,) * 4), ("37", 15, (4, 6, 5)), ("6011", 16, (4,) * 4), ("3530", 16, (4,) * 4), ("36", 14, (4, 6, 4))))
    digits = begin + some(rng, DIGITS, length - 1 - len(begin))
    check = luhn(digits)
    digits += check if valid else str((int(check) + rng.randint(1, 9)) % 10)
    return rng.choice((digits, grouped(digits, groups, " "), grouped(digits, groups, "-")))


def secret(rng):
    return rng.choice((lambda: "AK" + "IA" + some(rng, string.ascii_uppercase + "234567", 16), lambda: "gh" + "p_" + some(rng, SIGNS, 36), lambda: "gl" + "pat-" + some(rng, SIGNS, 20),
                       lambda: "AI" + "za" + some(rng, SIGNS, 35), lambda: "s" + "k-" + some(rng, SIGNS, 48), lambda: "s" + "k_live_" + some(rng, SIGNS, 24),
                       lambda: "np" + "m_" + some(rng, SIGNS, 36), lambda: "h" + "f_" + some(rng, string.ascii_letters, 34),
                       lambda: "xo" + "xb-" + some(rng, DIGITS, 12) + "-" + some(rng, DIGITS, 13) + "-" + some(rng, SIGNS, 24)))()


def decoy(rng, kind):
    d = lambda count: some(rng, DIGITS, count)
    if kind == "email":
        return rng.choice((f"logo{d(2)}@2x.png", f"git@host{d(2)}.example:team/tool.git", f"pkg{d(2)}@1.{d(1)}.0-beta.rc", f"@channel{d(3)}", f"name{d(3)} at example"))
    if kind == "phone":
        return rng.choice((f"{rng.randint(1990, 2030)}-{rng.randint(10, 12)}-{rng.randint(10, 28)}", f"7{d(9)}", f"{rng.randint(1, 9)},{d(3)},{d(3)}", f"ISBN 978-3-16-{d(6)}-0", f"v{d(1)}.{d(2)}.{d(3)}"))
    if kind == "ip":
        return rng.choice((f"192.168.{rng.randint(1, 254)}.{rng.randint(1, 254)}", f"{rng.randint(300, 999)}.{d(1)}1.2.3", f"version 3.1{d(1)}.2.17", f"std::{some(rng, string.ascii_lowercase, 6)}::next", f"10.0.{rng.randint(1, 99)}.7"))
    if kind == "iban":
        # In one piece: groups of four digits can be a card or a phone by chance.
        whole = iban(rng).replace(" ", "")
        at = len(whole) - 1
        while not whole[at].isdigit():
            at -= 1
        return whole[:at] + str((int(whole[at]) + 1) % 10) + whole[at + 1:]
    if kind == "card":
        return card(rng, valid=False)
    return rng.choice(("s" + "k-learn", "s" + "k-" + "example-placeholder-key", "AK" + "IA" + d(4), "gh" + "p_" + some(rng, SIGNS, 8), "h" + "f_model_name", f"commit {some(rng, '0123456789abcdef', 40)}"))


def personal(rng):
    kind = rng.choice(KINDS)
    if rng.random() < 0.25:
        return kind, decoy(rng, kind), False
    return kind, {"email": email, "phone": phone, "ip": ip, "iban": iban, "card": card, "secret": secret}[kind](rng), True
