"""Terminal symbols and filters of the grammars."""

import base64
import codecs
import gzip
import html
import json
import string
import urllib.parse
import zlib

CONSONANTS, VOWELS = "bcdfghjklmnprstvwxz", "aeiouy"
TOPS = ("com", "net", "org", "io", "xyz", "info", "dev", "co", "me", "ru", "site", "top", "online", "de", "fr", "com.br", "co.uk", "example", "example.com", "test", "app", "cloud", "live")
ENGLISH = ("order account report invoice summer garden window project market travel winter school family coffee kitchen history library morning "
           "question answer number street science teacher student bridge river mountain weather holiday ticket music picture camera printer "
           "server client module engine filter driver folder record table column value index section header footer banner campaign product "
           "service support contact customer partner member profile setting option default public private system status active pending closed "
           "blue green yellow silver golden little simple double single modern classic standard premium monthly weekly daily annual local global").split()
SHORT = "a b c d e f g h i j k m n o p q r s t u v w x y z id no ok to my it we us go do up in on".split()
NAMES = "Anna Ben Carla David Elif Farid Greta Hugo Ines Jonas Kemal Lena Marco Nadia Olga Pablo Quinn Rosa Sven Tara Umut Vera Wei Ximena Yusuf Zoe".split()
SURNAMES = "Abbott Becker Costa Dubois Ekman Fischer Garcia Haddad Ivanova Jansen Kaya Lindgren Moreau Novak Okafor Petrov Quist Rossi Schmidt Tanaka Ueda Varga Weber Xu Yilmaz Zhang".split()


def word(rng):
    """A short pronounceable or random lower-case identifier."""
    draw = rng.random()
    if draw < 0.35:
        return rng.choice(ENGLISH)
    if draw < 0.45:
        return rng.choice(SHORT)
    if draw < 0.8:
        return "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 4)))
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(2, 10)))


def ident(rng):
    """An identifier as programmers write it."""
    first, second = word(rng), word(rng)
    return rng.choice((first, first, first + second.title(), f"{first}_{second}", first + str(rng.randint(0, 999)), first.title(), "_" + first, first.upper()))


def english(rng):
    return rng.choice(ENGLISH)


def host(rng):
    """A host name that anybody may own."""
    draw = rng.random()
    if draw < 0.5:
        return f"{word(rng)}.{rng.choice(TOPS)}"
    if draw < 0.8:
        return f"{ident(rng).strip('_').lower().replace('_', '-')}.{word(rng)}.{rng.choice(TOPS)}"
    if draw < 0.9:
        return token(rng).lower() + "." + word(rng) + "." + rng.choice(TOPS)
    return ip(rng)


def ip(rng):
    return f"{rng.randint(1, 223)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"


def private(rng):
    return rng.choice((f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}", f"192.168.{rng.randint(0, 255)}.{rng.randint(1, 254)}", f"172.{rng.randint(16, 31)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"))


def hostport(rng):
    return host(rng) + (f":{rng.choice((80, 443, 8000, 8080, 8443, 1337, 4444, 9001, rng.randint(1024, 65535)))}" if rng.random() < 0.35 else "")


def number(rng):
    return str(rng.choice((rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 9999), rng.randint(10000, 9999999))))


def digits(rng):
    return "".join(rng.choice(string.digits) for _ in range(rng.randint(6, 16)))


def token(rng):
    """Letters and digits without meaning."""
    return "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(rng.randint(6, 24)))


def hextoken(rng):
    return "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice((8, 16, 24, 32, 40, 64))))


def uuid(rng):
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def noise64(rng):
    """Base64 of random bytes, which is no attack: keys, hashes, ciphertext."""
    return base64.b64encode(bytes(rng.getrandbits(8) for _ in range(rng.randint(9, 120)))).decode()


def name(rng):
    return rng.choice(NAMES)


def surname(rng):
    return rng.choice(SURNAMES)


def email(rng):
    return f"{rng.choice((name(rng).lower(), word(rng), name(rng).lower() + '.' + surname(rng).lower()))}@{word(rng)}.{rng.choice(TOPS[:12])}"


def date(rng):
    return f"{rng.randint(1999, 2027)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def clock(rng):
    return f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"


WORDS = {"word": word, "ident": ident, "english": english, "host": host, "ip": ip, "private": private, "hostport": hostport, "n": number, "digits": digits,
         "token": token, "hex": hextoken, "uuid": uuid, "noise64": noise64, "first": name, "last": surname, "email": email, "date": date, "clock": clock}


# --- filters: text -> text -----------------------------------------------------

def raw(text):
    return text.encode("utf-8", "surrogatepass")


def b64(text, rng):
    return base64.b64encode(raw(text)).decode()


def b64utf16(text, rng):
    """As PowerShell's -EncodedCommand takes it."""
    return base64.b64encode(text.encode("utf-16-le", "surrogatepass")).decode()


def scatter(text, rng):
    """Random letter case, mostly left alone."""
    draw = rng.random()
    if draw < 0.55:
        return text
    if draw < 0.67:
        return text.upper()
    if draw < 0.76:
        return text.lower()
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def mixed(text, rng):
    """Random letter case, always."""
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def caret(text, rng):
    """cmd.exe drops a caret before any character."""
    return "".join("^" + char if rng.random() < 0.35 and char.isalnum() else char for char in text)


def tick(text, rng):
    """PowerShell drops a backtick before most characters."""
    return "".join("`" + char if rng.random() < 0.3 and char.isalpha() and char not in "abefnrtuv0" else char for char in text)


def shellquote(text, rng):
    """Empty quotes, backslashes and unset variables that a shell drops from a word."""
    out = []
    for char in text:
        draw = rng.random()
        if char.isalpha() and draw < 0.35:
            char = rng.choice(("''" + char, '""' + char, "\\" + char, "'" + char + "'", '"' + char + '"', "$@" + char, "${" + rng.choice(string.ascii_lowercase) + "}" + char, "$*" + char))
        out.append(char)
    return "".join(out)


def glob(text, rng):
    """? and * and [x] in place of letters of a path."""
    return "".join(rng.choice(("?", "?", f"[{char}]", "*")) if char.isalpha() and rng.random() < 0.4 else char for char in text)


def hexed(text, rng):
    return raw(text).hex()


def bhex(text, rng):
    """\\x41 escapes."""
    return "".join(f"\\x{byte:02x}" for byte in raw(text))


def octal(text, rng):
    return "".join(f"\\{byte:03o}" for byte in raw(text))


def juni(text, rng):
    """\\u0041 escapes for some characters."""
    share = rng.choice((0.2, 0.5, 1))
    return "".join(f"\\u{ord(char):04x}" if ord(char) < 0x10000 and rng.random() < share else char for char in text)


def entity(text, rng):
    """HTML character references for some characters."""
    share = rng.choice((0.2, 0.5, 1))
    out = []
    for char in text:
        if rng.random() < share and ord(char) < 127:
            pad = "0" * rng.choice((0, 0, 0, 2, 5))
            end = rng.choice((";", ";", ";", "")) if not (char.isalnum()) else ";"
            char = rng.choice((f"&#{pad}{ord(char)}{end}", f"&#x{pad}{ord(char):x}{end}", f"&#X{pad}{ord(char):X}{end}"))
        out.append(char)
    return "".join(out)


def escape(text, rng):
    return html.escape(text)


def url(text, rng):
    return urllib.parse.quote(text, safe=rng.choice(("", "/", "-_.~/:")), errors="surrogatepass")


def urlall(text, rng):
    return "".join(f"%{byte:02{rng.choice('xX')}}" for byte in raw(text))


def urltwice(text, rng):
    return url(url(text, rng), rng)


def charcodes(text, rng):
    return ",".join(str(ord(char)) for char in text)


def chrdot(text, rng):
    """chr(65).chr(66) in PHP and Perl."""
    return ".".join(f"chr({ord(char)})" for char in text)


def chrplus(text, rng):
    return "+".join(f"chr({ord(char)})" for char in text)


def split(text, rng):
    """The middle of a quoted literal, cut and concatenated: ab'+'cd."""
    if len(text) < 2:
        return text
    cut = rng.randint(1, len(text) - 1)
    quote = rng.choice("'\"")
    return text[:cut] + quote + rng.choice(("+", " + ", ".")) + quote + text[cut:]


def jsonesc(text, rng):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def gz64(text, rng):
    return base64.b64encode(gzip.compress(raw(text), mtime=0)).decode()


def zl64(text, rng):
    return base64.b64encode(zlib.compress(raw(text))).decode()


def rot13(text, rng):
    return codecs.encode(text, "rot13")


def rev(text, rng):
    return text[::-1]


def size(text, rng):
    return str(len(raw(text)))


def upper(text, rng):
    return text.upper()


def lower(text, rng):
    return text.lower()


def title(text, rng):
    return text[:1].upper() + text[1:]


def back(text, rng):
    """Slashes the Windows way."""
    return text.replace("/", "\\")


def unescaped(text, rng):
    return urllib.parse.unquote(text)


def crlf(text, rng):
    """The same line ends throughout, in one of the ways they are written."""
    end = rng.choice(("\r\n", "\r\n", "\r\n", "\n", "\r", "%0d%0a", "%0D%0A", "%0a", "%0A", "%0d", "%250d%250a", "%250a", "\u560d\u560a", "%E5%98%8D%E5%98%8A", "%E5%98%8A", "\\r\\n", "\u2028", "%0d%0a%20", "%u000d%u000a", "\r\n\t", "%C4%8D%C4%8A", "%23%0d%0a", "%3f%0d%0a", "%25%30%61", "%%0d0a"))
    return text.replace("\n", end)


def plain_crlf(text, rng):
    end = rng.choice(("\r\n", "\r\n", "\n", "%0d%0a", "%0A", "%0D%0A"))
    return text.replace("\n", end)


FILTERS = {"b64": b64, "b64utf16": b64utf16, "case": scatter, "mixed": mixed, "caret": caret, "tick": tick, "shellquote": shellquote, "glob": glob, "hexed": hexed, "bhex": bhex, "octal": octal,
           "juni": juni, "entity": entity, "escape": escape, "url": url, "urlall": urlall, "urltwice": urltwice, "charcodes": charcodes, "chrdot": chrdot, "chrplus": chrplus, "split": split,
           "jsonesc": jsonesc, "gz64": gz64, "zl64": zl64, "rot13": rot13, "rev": rev, "size": size, "upper": upper, "lower": lower, "title": title, "back": back, "unescaped": unescaped, "crlf": crlf, "mailcrlf": plain_crlf}
