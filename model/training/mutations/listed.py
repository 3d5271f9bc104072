"""Variants of listed payloads: same attack, other names, numbers, spacing and letter case."""

import re

TAGS = ("a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir div dl dt "
        "em embed fieldset figcaption figure font footer form frame frameset h1 h2 head header hgroup hr html i iframe image img input ins kbd keygen label legend li link listing main map mark marquee menu menuitem meta meter multicol nav "
        "nobr noembed noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp section select shadow slot small source spacer span strike strong style sub summary sup svg table tbody td "
        "template textarea tfoot th thead time title tr track tt u ul var video wbr xmp x math animate set custom-tag").split()
EVENTS = ("onabort onactivate onafterprint onafterscriptexecute onanimationcancel onanimationend onanimationiteration onanimationstart onauxclick onbeforeactivate onbeforecopy onbeforecut onbeforedeactivate onbeforeinput onbeforepaste onbeforeprint "
          "onbeforescriptexecute onbeforetoggle onbeforeunload onbegin onblur onbounce oncanplay oncanplaythrough onchange onclick onclose oncontextmenu oncopy oncuechange oncut ondblclick ondeactivate ondrag ondragend ondragenter ondragleave "
          "ondragover ondragstart ondrop ondurationchange onend onended onerror onfinish onfocus onfocusin onfocusout onfullscreenchange onhashchange oninput oninvalid onkeydown onkeypress onkeyup onload onloadeddata onloadedmetadata onloadstart "
          "onmessage onmousedown onmouseenter onmouseleave onmousemove onmouseout onmouseover onmouseup onmousewheel onpagehide onpageshow onpaste onpause onplay onplaying onpointerdown onpointerenter onpointerleave onpointermove onpointerout "
          "onpointerover onpointerrawupdate onpointerup onpopstate onprogress onpropertychange onreadystatechange onrepeat onreset onresize onscroll onsearch onseeked onseeking onselect onselectionchange onselectstart onshow onstart onstorage "
          "onsubmit ontimeupdate ontoggle ontouchend ontouchmove ontouchstart ontransitioncancel ontransitionend ontransitionrun ontransitionstart onunhandledrejection onunload onvolumechange onwebkitanimationend onwebkittransitionend onwheel").split()
CALLS = ("alert", "prompt", "confirm", "print", "eval", "fetch")
TARGETS = ("etc/passwd", "etc/shadow", "etc/hosts", "etc/issue", "boot.ini", "windows/win.ini", "windows/system32/drivers/etc/hosts", "winnt/win.ini", "proc/self/environ", "usr/local/apache2/conf/httpd.conf", "usr/local/apache/logs/access_log",
           "var/log/httpd/error_log", "opt/lampp/etc/httpd.conf", "Volumes/webBackup/opt/apache2/conf/httpd.conf", "WEB-INF/web.xml", "web.config", "config.php", "inc/config.inc.php", ".htaccess", "root/.bash_history", "etc/apache2/apache2.conf", "proc/self/fd/3")


def _number(match, rng):
    old = match.group()
    return old if len(old) > 9 or old.startswith("0") else str(rng.randrange(10 ** (len(old) - 1), 10 ** len(old)))


def _swap_case(text, rng):
    draw = rng.random()
    if draw < 0.3:
        return text.upper()
    if draw < 0.6:
        return text.lower()
    return "".join(char.swapcase() if rng.random() < 0.4 else char for char in text)


def sqli(text, rng):
    text = re.sub(r"(?<![0-9A-Za-z%])\d+", lambda m: _number(m, rng), text)
    if rng.random() < 0.3:
        text = _swap_case(text, rng)
    if rng.random() < 0.25:
        text = text.replace(" ", rng.choice(("/**/", "+", "\t", "\n", "/*" + "abcdefg"[rng.randrange(7)] + "*/", "  ", "%20")))
    if rng.random() < 0.15 and "'" in text:
        text = text.replace("'", "\"")
    if rng.random() < 0.2:
        text = rng.choice(("1", "-1", "'", "\"", "')", "1)", "admin", "a'")) + " " + text
    return text


def xss(text, rng):
    tag = rng.choice(TAGS)
    first = re.search(r"<([a-zA-Z][\w-]*)", text)
    if first and first.group(1).lower() != "script" and rng.random() < 0.7:
        text = re.sub(rf"(</?){re.escape(first.group(1))}\b", rf"\g<1>{tag}", text)
    if rng.random() < 0.7:
        event = rng.choice(EVENTS)
        text = re.sub(r"\bon[a-z]{4,24}(?==|\s*=)", event, text, count=1, flags=re.I)
    if rng.random() < 0.4:
        text = re.sub(r"\b(alert|prompt|confirm)(?=\()", rng.choice(CALLS), text)
    elif rng.random() < 0.2:
        word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 7)))
        text = re.sub(r"\b(alert|prompt|confirm)\([^()]{0,12}\)", rng.choice((f"{word}()", f"[1].some({word})", f"{word}``", f"{word}=1", f"top.{word}(1)")), text)
    if rng.random() < 0.2:
        text = text.replace("\"", "'")
    if rng.random() < 0.12:
        text = _swap_case(text, rng)
    if rng.random() < 0.15 and first:
        text = text.replace(" ", rng.choice(("/", "\t", "\n", "\x0c")), 1)
    return text


def traversal(text, rng):
    """Another file at the end and another depth, with the payload's own way to write a slash."""
    found = re.search(r"(etc(.{1,16}?)passwd|boot\.ini|win\.ini|etc(.{1,16}?)issue|hosts)$", text)
    separator = (found.group(2) or found.group(3)) if found else None
    if found and not separator:
        unit = re.match(r"^(.{1,40}?)\1{2,}", text)
        dots = re.search(r"[^.]+$", unit.group(1)) if unit else None
        separator = dots.group() if dots else "/"
    if found and rng.random() < 0.6 and found.group() != "hosts":
        text = text[:found.start()] + rng.choice(TARGETS).replace("/", separator)
    unit = re.match(r"^(.{2,40}?)\1{1,}", text)
    if unit and rng.random() < 0.2 and ".." in unit.group(1):  # another way to write the dots
        dots = rng.choice(("??", ".?", "?.", "%2e%2e", "%252e%252e", "0x2e0x2e", "%c0%ae%c0%ae", ".%2e", "%%32%65%%32%65", "%uff0e%uff0e", "...", "%ae%ae"))
        return text.replace("..", dots)
    if unit and rng.random() < 0.6:
        text = unit.group(1) * rng.randrange(2, 11) + text[unit.end():]
    return text


def cmdi(text, rng):
    text = re.sub(r"\b\d{2,4}\b", lambda m: _number(m, rng), text)
    return re.sub(r"\b[A-Z]{6}\b", lambda m: "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(6)), text)


MUTATIONS = {"sqli": sqli, "xss": xss, "traversal": traversal, "cmdi": cmdi}
