"""Atoms: the random small things that requests, attacks and sentences are made of."""

import base64
import string
import uuid

LISTS = {
    "word": "amber anchor apple arrow basket beacon bridge bronze button cactus candle canyon carbon castle cedar cherry circle clover cobalt "
            "copper coral cotton cradle crystal daisy delta desert dragon eagle ember falcon feather fern forest galaxy garden ginger glacier "
            "granite harbor hazel helmet honey indigo island ivory jacket jasmine kettle ladder lagoon lantern lemon linen lotus maple marble "
            "meadow mirror nectar needle nickel oasis olive onyx orchid otter paddle pebble pepper pine planet plum pocket poplar prairie quartz "
            "rabbit raven ribbon river robin saddle salmon sapphire shadow silver sparrow spruce summit sunset tablet thistle timber topaz trail "
            "tulip tunnel valley velvet violet walnut willow window winter".split(),
    "first": "Anna Ben Carla Daniel Elena Felix Grace Henrik Ivana Jonas Katrin Liam Mara Nils Olga Pavel Quentin Rosa Stefan Tara Ulla Victor "
             "Wanda Yusuf Zoe Amira Bruno Chloe Dmitri Emre Farah Giulia Hana Ines Jorge Kofi Leila Mateo Noor Oskar Priya Ravi Sofia Tomas".split(),
    "last": "Adler Becker Castillo Duarte Eriksen Fischer Gomez Hansen Ivanov Jensen Keller Lambert Moreau Novak Okafor Petrov Quist Rossi "
            "Schmidt Tanaka Urban Vargas Weber Yilmaz Zhang Nguyen Kowalski Silva Haddad Mensah Lindgren Bianchi Dubois Horvat Murphy".split(),
    "city": "Lisbon Oslo Krakow Lyon Ghent Porto Turin Graz Bergen Utrecht Leeds Tampere Brno Split Riga Nantes Malmo Bilbao Basel Cork "
            "Austin Denver Toronto Osaka Busan Pune Nairobi Accra Lima Quito Perth Auckland".split(),
    "tld": "com com com net org io co.uk de fr nl pl it es eu app dev shop".split(),
    "table": "users accounts members customers orders invoices payments sessions products staff employees profiles clients tickets posts "
             "logins tokens articles subscribers admins".split(),
    "column": "id name email username password login created_at status role price total phone address token hash title category "
              "updated_at amount country".split(),
    "key": "id page sort category lang view ref tab type item section filter status region source product order user name doc".split(),
    "cmdid": "id whoami uname hostname".split(),
    "ext": "pdf docx xlsx png jpg csv zip txt".split(),
    "currency": "EUR USD GBP CHF PLN SEK JPY CAD".split(),
    "locale": "en-US en-GB de-DE fr-FR es-ES it-IT pt-BR nl-NL pl-PL sv-SE ja-JP tr-TR cs-CZ".split(),
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "month": "January February March April May June July August September October November December".split(),
    "color": "red green blue black white grey navy teal orange purple beige".split(),
    "verb": "review update approve check replace order return compare measure repair export import archive".split(),
    "thing": "invoice report chair bicycle keyboard router printer lamp camera backpack heater kettle monitor table mattress drill".split(),
    "attackhost": "oob collect dns cb ping listener drop relay x out cdn-assets static-x".split(),
    "subdomain": "www api shop app portal blog my account admin docs store cloud m support".split(),
}

SENTENCES = (
    "Please send the §thing§ to our office in §city§.", "The §color§ §thing§ arrived on §weekday§, many thanks.",
    "Could you §verb§ the §thing§ before §month§?", "§first§ from §city§ asked about the §thing§.",
    "We would like to §verb§ §small§ items.", "Delivery is fine on §weekday§ after ten.", "Great §thing§, works as described.",
)


def text(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def pick(rng, name):
    return rng.choice(LISTS[name])


def ident(rng):
    return rng.choice(string.ascii_lowercase) + text(rng, string.ascii_lowercase + string.digits, 2, 9)


def host(rng):
    shape = rng.randrange(4)
    if shape == 0:
        return pick(rng, "word") + pick(rng, "word") + "." + pick(rng, "tld")
    if shape == 1:
        return pick(rng, "word") + "-" + pick(rng, "word") + "." + pick(rng, "tld")
    return pick(rng, "subdomain") + "." + pick(rng, "word") + rng.choice(["", pick(rng, "thing"), "hub", "ly", "works"]) + "." + pick(rng, "tld")


def evil(rng):
    """A host of the attacker: a call-back name or an address."""
    shape = rng.randrange(4)
    if shape == 0:
        return ident(rng) + "." + pick(rng, "attackhost") + "." + pick(rng, "word") + rng.choice([".xyz", ".top", ".site", ".live", ".fun", ".me"])
    if shape == 1:
        return ip(rng)
    if shape == 2:
        return text(rng, string.ascii_lowercase + string.digits, 16, 33) + "." + pick(rng, "attackhost") + pick(rng, "word") + rng.choice([".com", ".net", ".pro"])
    return pick(rng, "word") + str(rng.randint(1, 999)) + rng.choice([".ru", ".cc", ".pw", ".tk", ".com"])


def ip(rng):
    return "%d.%d.%d.%d" % (rng.choice([5, 23, 45, 77, 91, 103, 141, 176, 185, 193, 203]), rng.randint(0, 255), rng.randint(0, 255), rng.randint(1, 254))


def private(rng):
    return rng.choice(["10.%d.%d.%d" % (rng.randint(0, 255), rng.randint(0, 255), rng.randint(1, 254)),
                       "192.168.%d.%d" % (rng.randint(0, 255), rng.randint(1, 254)), "172.%d.%d.%d" % (rng.randint(16, 31), rng.randint(0, 255), rng.randint(1, 254))])


def sentence(rng):
    from heldout import grammar
    return grammar.expand(rng, rng.choice(SENTENCES))


MAKERS = {
    "int": lambda rng: str(rng.randint(2, 9999)),
    "small": lambda rng: str(rng.randint(1, 12)),
    "digit": lambda rng: str(rng.randint(1, 9)),
    "big": lambda rng: str(rng.randint(100000, 99999999)),
    "id": lambda rng: str(rng.randint(100, 9999999)),
    "year": lambda rng: str(rng.randint(2015, 2026)),
    "port": lambda rng: str(rng.choice([21, 22, 25, 53, 443, 1099, 1389, 3306, 4444, 5000, 6379, 8000, 8080, 8081, 8443, 9001, 9200, 13337, rng.randint(1024, 65000)])),
    "date": lambda rng: "%d-%02d-%02d" % (rng.randint(2019, 2026), rng.randint(1, 12), rng.randint(1, 28)),
    "time": lambda rng: "%02d:%02d:%02d" % (rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)),
    "epoch": lambda rng: str(rng.randint(1600000000, 1790000000)),
    "epochms": lambda rng: str(rng.randint(1600000000000, 1790000000000)),
    "price": lambda rng: "%d.%02d" % (rng.randint(1, 900), rng.randint(0, 99)),
    "decimal": lambda rng: "%d.%d" % (rng.randint(0, 99), rng.randint(1, 9999)),
    "ident": ident,
    "rand": lambda rng: text(rng, string.ascii_letters, 4, 10),
    "lower": lambda rng: text(rng, string.ascii_lowercase, 3, 9),
    "upper": lambda rng: text(rng, string.ascii_uppercase, 3, 8),
    "hex": lambda rng: text(rng, "0123456789abcdef", 8, 8),
    "hex32": lambda rng: text(rng, "0123456789abcdef", 32, 32),
    "hex64": lambda rng: text(rng, "0123456789abcdef", 64, 64),
    "tok": lambda rng: text(rng, string.ascii_letters + string.digits, 20, 44),
    "longtok": lambda rng: text(rng, string.ascii_letters + string.digits + "-_", 120, 420),
    "b64": lambda rng: base64.b64encode(rng.getrandbits(8 * 48).to_bytes(48, "big")).decode(),
    "longb64": lambda rng: base64.b64encode(rng.getrandbits(8 * 600).to_bytes(600, "big")[:rng.randint(150, 600)]).decode(),
    "b64u": lambda rng: base64.urlsafe_b64encode(rng.getrandbits(8 * 60).to_bytes(60, "big")).decode().rstrip("="),
    "uuid": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "host": host, "evil": evil, "ip": ip, "private": private, "sentence": sentence,
    "mail": lambda rng: (pick(rng, "first") + rng.choice([".", "_", ""]) + pick(rng, "last")).lower() + "@" + host(rng),
    "user": lambda rng: (pick(rng, "first")[:rng.randint(1, 6)] + pick(rng, "last")).lower() + rng.choice(["", str(rng.randint(1, 99))]),
    "name": lambda rng: pick(rng, "first") + " " + pick(rng, "last"),
    "pass": lambda rng: rng.choice(["summer", "winter", "Welcome", "admin", "qwerty", "Passw0rd", "letmein", pick(rng, "word")]) + str(rng.randint(1, 2026)),
    "slug": lambda rng: "-".join(pick(rng, "word") for _ in range(rng.randint(2, 4))),
    "upword": lambda rng: pick(rng, "word").capitalize(),
    "sp": lambda rng: rng.choice([" ", " ", " ", "  ", ""]),
    "ver": lambda rng: "%d.%d.%d" % (rng.randint(0, 12), rng.randint(0, 30), rng.randint(0, 20)),
    "phone": lambda rng: "+%d %d %d" % (rng.randint(20, 99), rng.randint(100, 999), rng.randint(100000, 9999999)),
    "jwt": lambda rng: "eyJhbGciOi" + text(rng, string.ascii_letters + string.digits, 20, 26) + ".eyJ" + text(rng, string.ascii_letters + string.digits, 60, 220) + "." + text(rng, string.ascii_letters + string.digits + "-_", 43, 43),
}


def atom(rng, name):
    """A random atom; every list above is one, too."""
    if name in MAKERS:
        return MAKERS[name](rng)
    if name in LISTS:
        return pick(rng, name)
    raise ValueError("atom §%s§ is not known; add it to words.py or correct the production" % name)
