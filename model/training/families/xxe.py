"""XML with external or exploding entities, in the carriers and character encodings that XML 1.0 (section 4.3.3) allows. Twins are ordinary documents, with DOCTYPE and CDATA."""

import base64
import io
import re
import zipfile

import inject

from . import grammar, lexicon, places

ENCODINGS = (("UTF-8", "utf-8", b""), ("UTF-8", "utf-8", b"\xef\xbb\xbf"), ("UTF-16", "utf-16-le", b"\xff\xfe"), ("UTF-16", "utf-16-be", b"\xfe\xff"), ("UTF-16LE", "utf-16-le", b""), ("UTF-16BE", "utf-16-be", b""), ("UTF-7", "utf-7", b""), ("ISO-8859-1", "latin-1", b""), ("windows-1252", "cp1252", b""), ("IBM037", "cp037", b""), ("CP037", "cp037", b""), ("US-ASCII", "ascii", b""), ("UTF-32", "utf-32-be", b"\x00\x00\xfe\xff"), ("IBM1047", "cp037", b""))
PLAIN_ENCODINGS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 7, 7, 8, 11)
ATTACK_ENCODINGS = (0,) * 14 + (1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 6, 6, 7, 8, 9, 9, 10, 10, 11, 12, 13)
TYPES = ("application/xml", "application/xml", "text/xml", "text/xml", "application/soap+xml", "application/xml; charset=utf-8", "text/xml;charset=UTF-8", "application/xhtml+xml", "application/rss+xml", "application/atom+xml")


def document(attack, rng):
    return grammar.load("xxe").expand("attack" if attack else "twin", rng)


def encoded(text, choice, rng):
    """Bytes of a document whose declaration names the encoding it is in."""
    label, codec, mark = ENCODINGS[choice]
    if label != "UTF-8":
        declaration = f'<?xml version="1.0" encoding="{label}"?>'
        if text.startswith("<?xml"):
            text = text[text.index("?>") + 2:].lstrip()
        text = declaration + text
    if codec == "utf-7":  # "<" and "&" need not be encoded for a decoder, but are what hides
        body = text.encode("utf-7")
        share = rng.random()
        if share < 0.7:
            at = text.index("?>") + 2
            body = text[:at].encode() + re.sub(r"[<>&!%\"'\[\]]", lambda m: "+" + base64.b64encode(m.group().encode("utf-16-be")).decode().rstrip("=") + "-", text[at:].replace("+", "+-")).encode("ascii", "replace")
        return body
    return mark + text.encode(codec, "replace" if codec != "ascii" else "xmlcharrefreplace")


def package(text, rng):
    """A ZIP container with the document as one of its parts, as docx, xlsx and odt are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        kind = rng.choice(("docx", "xlsx", "odt", "pptx"))
        names = {"docx": "word/document.xml", "xlsx": rng.choice(("xl/workbook.xml", "xl/sharedStrings.xml")), "odt": "content.xml", "pptx": "ppt/presentation.xml"}
        entries = [("[Content_Types].xml", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'), (names[kind], text)]
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return kind, out.getvalue()


def value(attack, rng):
    return document(attack, rng)


def put(attack, carrier, rng):
    draw = rng.random()
    if places.has_body(carrier) and rng.random() < 0.35:
        return ""
    text = document(attack, rng)
    if draw < 0.68:
        choice = rng.choice(ATTACK_ENCODINGS if attack else PLAIN_ENCODINGS)
        kind = rng.choice(TYPES)
        if rng.random() < 0.08:
            kind = rng.choice(("application/octet-stream", "text/plain", "", "application/x-www-form-urlencoded" if attack else "application/xml"))
        elif choice and rng.random() < 0.4:
            kind = f"{kind.partition(';')[0]}; charset={ENCODINGS[choice][0].lower() if rng.random() < 0.5 else ENCODINGS[choice][0]}"
        places.give(carrier, kind, encoded(text, choice, rng), rng, rng.choice(("POST", "POST", "POST", "PUT")))
        if rng.random() < 0.15:
            carrier["headers"].append(["SOAPAction", f'"urn:{lexicon.ident(rng)}"'])
        return "raw" if ENCODINGS[choice][1] not in ("utf-8", "latin-1", "cp1252", "ascii") else "xml"
    if draw < 0.86:
        if rng.random() < 0.3:
            extension, raw = package(text, rng)
            kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        else:
            extension, kind, raw = rng.choice((("svg", "image/svg+xml"), ("xml", "text/xml"), ("xml", "application/xml"), ("xsl", "text/xml"), ("kml", "application/vnd.google-earth.kml+xml"), ("gpx", "application/gpx+xml"), ("dae", "application/xml"), ("rss", "application/rss+xml"))) + (text.encode("utf-8", "replace"),)
        parts = places.form_parts(rng, 2)
        parts.insert(rng.randint(0, len(parts)), (f'name="{rng.choice(("file", "upload", "xml", "image", "import"))}"; filename="{lexicon.word(rng)}.{extension}"', kind, raw))
        return places.multipart_body(carrier, parts, rng)
    if draw < 0.9:
        return places.json(carrier, text, rng)
    if draw < 0.94:
        return places.add_query(carrier, [f"{rng.choice(('SAMLResponse', 'SAMLRequest', 'xml', 'data'))}={inject.percent(base64.b64encode(text.encode('utf-8', 'replace')).decode(), rng)}"], rng)
    return ""
