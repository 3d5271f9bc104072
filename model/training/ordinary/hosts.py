"""Lists of hosts and addresses as settings and policies carry them, and lists of dotted names.

A list of a hundred servers, with its stages and its test machines, is an
ordinary thing; one address in a parameter may be an attack. Domains are put
together from syllables, so that no name is learnt by heart.
"""

from .words import ALNUM, LOWER, NOUNS, VERBS, fill, letters

_ONSETS = ("b", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w", "z", "")
_RIMES = ("a", "an", "ar", "e", "el", "en", "i", "in", "io", "o", "on", "or", "ou", "u", "um", "y", "ack", "ash", "eet", "ing", "ix", "oom")
_ENDINGS = ("com", "com", "com", "net", "org", "io", "de", "fr", "co.uk", "com.au", "co.jp", "com.br", "app", "dev", "cloud", "ai", "ru", "cn", "in", "it", "nl", "pl", "co.il", "eu", "info", "biz", "shop", "online", "xyz", "site", "local", "internal", "corp", "lan")
_STAGES = ("dev", "test", "stage", "staging", "training", "uat", "qa", "preprod", "prod", "demo", "sandbox", "beta", "internal", "edge", "v2", "eu-west-1", "us", "au", "int", "live", "local", "pre", "canary", "perf", "dr", "old", "new")
_SERVICES = ("api", "www", "cdn", "static", "img", "auth", "login", "id", "admin", "app", "apps", "order", "orders", "loyalty", "web-ordering", "shop", "pay", "checkout", "files", "assets", "media", "mail", "portal", "backend", "gateway", "graphql", "ws", "socket", "metrics", "logs", "events", "push", "search", "maps", "dashboard", "console", "jenkins", "git", "wiki", "status", "support", "metadata", "config", "vault", "db", "redis", "proxy")


def domain(rng):
    """A registered name with its ending."""
    name = "".join(rng.choice(_ONSETS) + rng.choice(_RIMES) for _ in range(rng.randint(2, 4)))
    if rng.random() < 0.3:
        name = rng.choice((name + rng.choice(NOUNS), rng.choice(NOUNS) + "-" + name, rng.choice(NOUNS) + rng.choice(NOUNS)))
    return name + "." + rng.choice(_ENDINGS)


def host(rng, parent=""):
    """A host below a domain, with service and stage."""
    labels = []
    if rng.random() < 0.75:
        labels.append(rng.choice(_SERVICES) + rng.choice(("", "", "", str(rng.randint(1, 9)), "-" + rng.choice(_STAGES))))
    if rng.random() < 0.4:
        labels.append(rng.choice(_STAGES))
    return ".".join(labels + [parent or domain(rng)])


def _address(rng, shape, parent):
    place = host(rng, parent)
    if shape == "host":
        return place
    if shape == "wild":
        return rng.choice(("", "https://")) + rng.choice(("*.", "*.", "")) + place
    scheme = "https://" if shape != "mixed" or rng.random() < 0.6 else rng.choice(("http://", "wss://", "ws://", "//", "", "ftp://", "blob:https://"))
    port = f":{rng.choice((443, 8080, 8443, 3000, 5000, 9000))}" if rng.random() < 0.08 else ""
    path = rng.choice(("", "", "/", "/")) if shape != "paths" else "/" + "/".join(rng.choice(NOUNS + VERBS) for _ in range(rng.randint(1, 3))) + rng.choice(("", "/", ".js", ".json", "?v=" + letters(rng, ALNUM, 4, 8)))
    return scheme + place + port + path


_SOURCES = ("'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "https:", "'strict-dynamic'", "'report-sample'", "mediastream:", "filesystem:", "about:", "chrome-extension:", "http://localhost:3000", "http://localhost:*", "http://127.0.0.1:8080", "http://10.0.2.2:8081", "capacitor://localhost", "ionic://localhost")
_DIRECTIVES = ("default-src", "script-src", "style-src", "img-src", "connect-src", "font-src", "frame-src", "frame-ancestors", "form-action", "media-src", "worker-src", "child-src", "script-src-elem", "base-uri", "object-src", "manifest-src")


def addresses(rng, low=2, high=0):
    """From low to high addresses as a list; most of one or two owners."""
    count = rng.randint(low, high or rng.choice((4, 12, 40, 160)))
    shape = rng.choice(("plain", "plain", "plain", "host", "wild", "mixed", "paths"))
    owners = [domain(rng) for _ in range(rng.randint(1, 6))]
    out = []
    for _ in range(count):
        out.append(rng.choice(_SOURCES) if rng.random() < 0.05 else _address(rng, shape, rng.choice(owners) if rng.random() < 0.7 else ""))
    return out


def hosts(rng):
    """Addresses one after the other, between any marks, or as a policy."""
    draw = rng.random()
    if draw < 0.3:
        return rng.choice(("; ", ";")).join(rng.choice(_DIRECTIVES) + " " + " ".join(addresses(rng, 1, rng.choice((5, 20, 60)))) for _ in range(rng.randint(1, 6)))
    mark = rng.choice((" ", " ", " ", ",", ", ", "\n", ";", "|", "\r\n", "\t", "  "))
    text = mark.join(addresses(rng))
    if draw < 0.4:
        return rng.choice(("ALLOWED_HOSTS=", "no_proxy=", "origins: ", "Hosts: ", "allow-from ", "redirect_uris: ", "CORS: ")) + text
    return text


def dotted(rng):
    """Names with dots, as metrics, analytics and settings list them."""
    root = rng.choice(("s.contextData", "s.evar", "ga.event", "app", "resource", "browser.metrics", "com." + domain(rng).split(".")[0], "user.profile", "page", "dataLayer", "window", "System.IO", "spring.datasource", "process.env", "config", "org.apache", "http.response", "digitalData.page", "this.props", "$.data", "_satellite"))
    word = lambda: rng.choice(NOUNS + VERBS)
    name = lambda: root + "." + rng.choice((lambda: word(), lambda: word().upper(), lambda: word() + word().title(), lambda: word() + "_" + word(), lambda: word() + "." + word(), lambda: fill(rng, "§w§d"), lambda: word() + "." + letters(rng, LOWER, 2, 5)))()
    mark = rng.choice((",", ", ", "|", ";", "\n", " ", ":", "&"))
    parts = [name() if rng.random() < 0.8 else word() for _ in range(rng.randint(2, rng.choice((5, 20, 60))))]
    if rng.random() < 0.3:
        parts = [part + rng.choice(("=", ":", " = ")) + rng.choice((lambda: word(), lambda: str(rng.randrange(9999)), lambda: "true", lambda: name(), lambda: "https://" + host(rng)))() for part in parts]
    return mark.join(parts)
