"""Web shells: uploads of scripts under all kinds of names and types, server configuration files, PUT of a script. Twins are ordinary uploads."""

import base64
import re
import urllib.parse

from . import grammar, lexicon, places

SCRIPT = ("php", "php", "php", "php3", "php4", "php5", "php7", "phtml", "phar", "pht", "phps", "inc", "PhP", "pHp5", "jsp", "jsp", "jspx", "jspf", "war", "do", "asp", "aspx", "asp", "aspx", "ashx", "asmx", "asa", "cer", "cdx", "cshtml", "cfm", "cfml", "cgi", "pl", "py", "shtml", "sh", "exe", "htaccess", "php2", "php6", "php8", "pgif", "phtm", "hphp", "module", "ctp", "JSP", "Jsp", "jsw", "jsv", "ASPX", "aSp", "asax", "soap", "rem", "vbhtml", "svc", "cfc", "dbm", "rb", "lua", "bat", "ps1", "shtm", "stm")
IMAGE = ("jpg", "png", "gif", "jpeg", "webp", "ico", "svg", "pdf", "txt")
MAGIC = {"gif": b"GIF89a", "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02", "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", "pdf": b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", "bmp": b"BM\x36\x00\x00\x00", "zip": b"PK\x03\x04\x14\x00\x00\x00"}
TYPES = ("image/jpeg", "image/png", "image/gif", "application/octet-stream", "text/plain", "application/x-php", "application/x-httpd-php", "text/php", "text/html", "application/pdf", "text/x-php")
FIELDS = ("file", "file", "upload", "userfile", "avatar", "image", "photo", "files[]", "Filedata", "attachment", "document", "qqfile", "fileToUpload", "upload_file")
ORDINARY = (("jpg", "image/jpeg"), ("jpg", "image/jpeg"), ("png", "image/png"), ("gif", "image/gif"), ("webp", "image/webp"), ("pdf", "application/pdf"), ("csv", "text/csv"), ("txt", "text/plain"), ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("json", "application/json"), ("zip", "application/zip"), ("mp4", "video/mp4"), ("svg", "image/svg+xml"), ("md", "text/markdown"), ("ics", "text/calendar"), ("html", "text/html"), ("php", "text/plain"), ("py", "text/x-python"), ("js", "text/javascript"), ("java", "text/plain"), ("sql", "application/sql"), ("ini", "text/plain"), ("jsp", "text/plain"), ("xml", "text/xml"), ("log", "text/plain"), ("patch", "text/x-diff"))


def script_kind(extension):
    extension = extension.lower()
    if extension.startswith(("jsp", "jsw", "jsv", "war", "do")):
        return "jsp"
    if extension in ("asp", "asa", "cer", "cdx"):
        return "asp"
    if extension in ("aspx", "ashx", "asmx", "cshtml", "asax", "vbhtml", "svc", "soap", "rem"):
        return "aspx"
    if extension in ("cfm", "cfml", "cfc", "dbm"):
        return "cfm"
    if extension in ("cgi", "pl", "py", "sh", "rb", "lua", "bat", "ps1"):
        return "cgi"
    if extension in ("shtml", "shtm", "stm"):
        return "shtml"
    return "php"


def name_of(rng):
    """(file name, kind of script inside)."""
    extension = rng.choice(SCRIPT)
    kind = script_kind(extension)
    stem = rng.choice((lexicon.word(rng), lexicon.ident(rng), "shell", "cmd", "x", "up", lexicon.token(rng), "image", "avatar"))
    draw = rng.random()
    image = rng.choice(IMAGE)
    if draw < 0.4:
        name = f"{stem}.{extension}"
    elif draw < 0.55:
        name = f"{stem}.{extension}.{image}"
    elif draw < 0.65:
        name = f"{stem}.{image}.{extension}"
    elif draw < 0.75:
        name = stem + "." + extension + rng.choice(("%00", "%0a", "%20", ";", ":", "%0d%0a", "#", "....", "\\x00", "%2500", "%09", "%3b", "%23", "%3f", " ", "%u0000", "%e2%80%ae", "\\", "?", ",", "%5c", "%2f", "&")) + "." + image
    elif draw < 0.82:
        name = f"{stem}.{extension}{rng.choice(('.', ' ', '::$DATA', '/', ';.jpg', '%20', '.....', ';1', '_', '~', '.bak'))}"
    elif draw < 0.9:
        name = rng.choice(("../", "../../", "..%2f", "....//", "/var/www/html/", "..\\", "./", "../../../var/www/html/", "C:\\inetpub\\wwwroot\\")) + stem + "." + extension
    else:
        name = f"{stem}.{image}"  # only the content gives it away
    return name, kind


def shell(kind, rng):
    return grammar.load("upload").expand(kind if rng.random() < 0.5 else f"further-{kind}", rng)


def content(kind, rng):
    """A script, plain or behind an image's first bytes or within its comment."""
    text = shell(kind, rng).encode("utf-8", "replace")
    draw = rng.random()
    if draw < 0.65:
        return text
    head = MAGIC[rng.choice(("gif", "gif", "png", "jpg", "pdf", "bmp", "zip"))]
    noise = bytes(rng.getrandbits(8) for _ in range(rng.randint(4, 120)))
    if draw < 0.85:
        return head + rng.choice((b"", b"\n", b";", b"\x00", b"a\r\n")) + text
    return head + noise + text + noise


def value(attack, rng):
    if not attack:
        return grammar.load("upload").expand("twin" if rng.random() < 0.55 else "furthertwin", rng)
    return shell(rng.choices(("php", "jsp", "asp", "aspx", "cfm", "cgi", "shtml", "config"), (6, 2, 2, 1.7, 0.8, 1.2, 0.4, 1))[0], rng)


def ordinary(rng):
    """(file name, type, content) of an upload that means no harm."""
    extension, kind = rng.choice(ORDINARY)
    grammar_ = grammar.load("upload")
    name = rng.choice((f"{lexicon.word(rng)}.{extension}", f"IMG_{rng.randint(1000, 9999)}.{extension}", f"{lexicon.english(rng)} {lexicon.english(rng)} ({rng.randint(1, 9)}).{extension}", f"{lexicon.date(rng)}-{lexicon.english(rng)}.{extension}", f"Screenshot {lexicon.date(rng)} at {lexicon.clock(rng).replace(':', '.')}.{extension}", f"{lexicon.english(rng)}.v{rng.randint(1, 9)}.{rng.randint(0, 9)}.{extension}", f"{lexicon.english(rng)}.min.{extension}"))
    noise = bytes(rng.getrandbits(8) for _ in range(rng.randint(20, 300)))
    binary = {"jpg": MAGIC["jpg"], "png": MAGIC["png"], "gif": MAGIC["gif"], "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ", "pdf": MAGIC["pdf"], "docx": MAGIC["zip"], "xlsx": MAGIC["zip"], "zip": MAGIC["zip"], "mp4": b"\x00\x00\x00\x18ftypmp42"}
    if extension in binary:
        return name, kind, binary[extension] + noise
    rule = extension if grammar_.knows(extension) else rng.choice(("plain", "furthertwin"))
    return name, kind, grammar_.expand(rule if extension not in ("php", "jsp") else rng.choice(("plain", "furthertwin")), rng).encode("utf-8", "replace")


def safe(name):
    return re.sub(r"[\r\n\"]", "", name)


def put(attack, carrier, rng):
    draw = rng.random()
    if draw < 0.62 and not (places.has_body(carrier) and rng.random() < 0.4):
        if attack:
            if rng.random() < 0.12:
                name, raw = rng.choice((".htaccess", ".htaccess", ".user.ini", "web.config", ".htaccess ", "php.ini")), None
                raw = shell("config", rng).encode()
            else:
                name, kind = name_of(rng)
                raw = content(kind, rng)
            kind = rng.choice(TYPES)
            if rng.random() < 0.05:
                raw = base64.b64encode(raw)
        else:
            name, kind, raw = ordinary(rng)
        field = rng.choice(FIELDS)
        if rng.random() < 0.06:
            places.json_body(carrier, {"filename": name, rng.choice(("content", "data", "file", "body")): rng.choice(("", f"data:{kind};base64,")) + base64.b64encode(raw).decode(), **places.fields(rng, 3)}, rng)
            return "json"
        attributes = f'name="{field}"; filename="{safe(name)}"'
        if rng.random() < 0.06:
            attributes = f"name={field}; filename={safe(name).replace(' ', '_')}"
        elif rng.random() < 0.05:
            attributes = 'name="' + field + "\"; filename*=UTF-8''" + urllib.parse.quote(safe(name), safe="")
        parts = places.form_parts(rng, 3)
        parts.insert(rng.randint(0, len(parts)), (attributes, kind, raw))
        places.multipart_body(carrier, parts, rng)
        carrier["target"] = carrier["target"] if rng.random() < 0.6 else rng.choice(("/upload", "/api/upload", "/upload.php", "/files", f"/{lexicon.word(rng)}/upload", "/media", "/admin/upload"))
        return "multipart"
    if draw < 0.76 and not (places.has_body(carrier) and rng.random() < 0.5):
        if attack:
            name, kind = name_of(rng)
            raw = content(kind, rng)
        else:
            name, _, raw = ordinary(rng)
        carrier["target"] = rng.choice(("/", f"/{lexicon.word(rng)}/", "/uploads/", "/fileserver/", "/webdav/")) + urllib.parse.quote(name.rpartition("/")[2].replace("\\", ""), safe="%;:.$#~!" if rng.random() < 0.3 else "").replace("#", "%23") + (rng.choice(("/", "%20", "::$DATA")) if attack and rng.random() < 0.2 else "")
        places.give(carrier, rng.choice(("", "application/octet-stream", "text/plain", "application/x-www-form-urlencoded")), raw, rng, "PUT")
        return "raw"
    return ""
