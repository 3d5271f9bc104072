"""Parameters of vendors nobody has heard of: names in every style, values of every sort, packed and nested in every way.

A request of one vendor keeps to one style, as real ones do: Style draws it once.
"""

import base64
import json
import urllib.parse

from . import beacon, languages, markup, program, writing
from .words import ALNUM, B64, DIGITS, HEX, LOWER, NOUNS, VERBS, b64, fill, letters, number, phrase, pick, raw, sentence

SHORT = LOWER + LOWER.upper()
STACKS = ("§err: §s\n    at §fn (https://§host/§w.§hex.js:§d:§n)\n    at §id.§fn (https://§host/§w.js:§n:§dd)\n    at new §Id (<anonymous>)\n    at Array.forEach (<anonymous>)", "§fn@https://§host/§w.min.js:§d:§n\n§u/<@https://§host/§w.js:§n:§dd\n@webkit-internal:§n", "Uncaught §err: Cannot read properties of undefined (reading '§id')\n at §u.§u [as §fn] (https://§host/§w.js?v=§hex:1:§n)", "java.lang.§Id¦Exception: §s\n\tat com.§brand.§w.§Id.§fn(§Id.java:§n)\n\tat com.§brand.§Id.access$§d00(§Id.java:§dd)\n\tat §u.§u.run(Unknown Source:§d)\nCaused by: java.io.IOException: §s\n\t... §d more",
          "Traceback (most recent call last):\n  File \"/app/§w/§w.py\", line §n, in §fn\n    §id = §id[\"§c\"]\nKeyError: '§c'", "Fatal error: Uncaught §err: §s in /var/www/html/§w/§w.php:§n\nStack trace:\n#0 /var/www/html/§w.php(§n): §Id->§fn('§w', Array)\n#1 {main}", "System.§Id¦Exception: §s\r\n   at §Brand.§Id.§fn(String §c, Int32 §c) in C:\\src\\§W\\§Id.cs:line §n", "panic: runtime error: index out of range [§d] with length §d\n\ngoroutine §n [running]:\nmain.§fn(0xc000§n, 0x§d)\n\t/app/§w.go:§n +0x1a5", "Thread 0 Crashed:\n0   lib§w.dylib 0x00000001§n §fn + §n\n1   §Brand 0x00000001§n -[§Id §fn:§c:] + §dd", "#00 pc 00000000000§n  /data/app/~~§tok==/com.§brand.§w-§tok==/lib/arm64/lib§w.so (§fn+§dd)")
SCRIPTS = ("!function(e,t){\"object\"==typeof exports?module.exports=t():e.§id=t()}(this,(function(){return §u}));", "var §az=§id.§fn(§d,\"§w\"),§u=§az&&§az.§c||{};if(!§u.§c)return null;", "(self.§u=self.§u||[]).push([[§n],{§n:(e,t,n)=>{\"use strict\";n.d(t,{Z:()=>§az});var r=n(§n);}}]);", "const §u=(§az,§x)=>§az.filter(i=>i.§c>§d).map(({§c:t})=>`§w-${t}`);", "window.§id=window.§id||[];function §u(){§id.push(arguments)}§u('js',new Date());", "e.exports={§c:\"§w__§w--§tok\",§w:\"§w_§tok\"}", "for(var i=0,n=t.length;i<n;i++)if(t[i]&&t[i].§c===e)return t[i]||(t[i]={});", "§u.prototype.§fn=function(t){return void 0===t&&(t={}),this.§c?Promise.resolve(t):this.§fn(t)};", "@media(max-width:§n¦px){.§w{display:flex}.§w>.§w:not(:last-child){margin:0 §d¦px}}", ".§w-§d{background:url(data:image/svg+xml;utf8,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3C/svg%3E) no-repeat;color:#§dd§dd§dd}", "try{§u(\"§w\",{§c:!0,§w:!1})}catch(e){console.warn(\"§w failed\",e)}", "new RegExp(\"^(?:§w|§w)\\\\.[a-z]{2,§d}$\",\"i\").test(location.hostname)")
TEMPLATES = ("{{§c}}", "{{ §w.§c }}", "${§id}", "{§c}", "%%§ID%%", "[[§c]]", "[§ID]", "__§ID__", "#{§w}", "@@§c@@", "$$§w$$", "%{§w}", "<§c>", "{{{§c}}}", "$(§ID)", "{%§w%}", "|§ID|", "*|§ID|*", "{$§c}", "$[§w]", "%§c%", ":§c", "{0}", "%1$s", "%s", "{§w, plural, one {# §w} other {# §ws}}", "§{§w}".replace("§{", "{?"), "{§c|§w}", "@{§w}", "{{#if §c}}§w{{/if}}", "{{§w | §c}}", "{{§w.§c:YYYY-MM-DD}}", "{{ §w|default:'§w' }}", "https://§host/{§w}/{§c}.json{?§w,§c}", "/§w/:§c/§w/:§w?", "/§w/[§c]/[...§w]", "/api/{§c:int}/§w", "/§w/<§c>/", "${§w.§c}/${§c}", "Hi {{first_name}}, §s", "{\"§c\":\"{{§w.§c}}\"}")
EDGES = ("undefined", "[object Object]", "null", "NaN", "(not set)", "(none)", "(direct)", "N/A", "n/a", "-", "--", "true", "false", "0", "-1", "1", "[]", "{}", "\"\"", "()", "Infinity", "", "unknown", "none", "*", "?", "~", "/", "\\N", "$0", "$undefined", "$L1a", "@", "#")
CLIENTS = ("\"Not/A)Brand\";v=\"§d\", \"Chromium\";v=\"§n\", \"§Brand\";v=\"§n\"", "§agent", "Europe/§city", "America/New_York", "en-US,en;q=0.9,he;q=0.8", "1920x1080x24", "4g", "ANGLE (Intel, Intel(R) UHD Graphics §n (0x00009B41) Direct3D11 vs_5_0 ps_5_0, D3D11)", "§Brand/§ver (com.§brand.§w; build:§n; iOS §dd.§d.0) Alamofire/§ver", "Portable Document Format::internal-pdf-viewer::application/pdf~pdf,text/pdf~pdf", "Arial,Courier New,Georgia,Times New Roman", "(min-width: §n¦px) and (max-width: §n¦px)", "GMT+0200 (Central European Standard Time)", "§day §mon §DD §Y §time GMT+0100", "function () { [native code] }", "function toString() { [native code] }", "webdriver:0|selenium:0|phantom:0|cdc_:0", "audio/ogg; codecs=\"vorbis\"", "video/mp4; codecs=\"avc1.42E01E, mp4a.40.2\"", "text/html; charset=utf-8", "max-age=§n, s-maxage=§n", "HKCU\\Software\\§Brand\\§W", "C:\\Program Files\\§Brand\\§w.exe", "/data/user/0/com.§brand.§w/files/§w.db", "file:///android_asset/§w/index.html#/§w", "chrome-extension://§u§u§u§u/§w.js", "android-app://com.§brand.§w/", "intent://§host/§w#Intent;scheme=https;package=com.§brand.§w;end", "mailto:§mail?subject=§w%20§w", "blob:https://§host/§uuid", "about:blank", "about:srcdoc", "//§host/§w.js?v=§ver", "//§host/§w/§hex.min.js", "https://§host:§n/§w", "https://§host/§w;jsessionid=§hex?§w=§n", "arn:aws:s3:::§brand-§w/§w/*", "gs://§brand-§w/§w/*.csv", "s3://§brand-§w/§Y/§w.parquet", "postgres://§w@§w-db/§w", "redis://§w:6379/§d", "npm:@§brand/§w@^§ver", "§w@§ver+§hex", "refs/heads/§w/§w-§n", "sha512-§b==", "P§d¦DT§d¦H", "*/§d * * * *", "0 §d * * MON-FRI", "R/§iso/PT§n¦S")
SELECTOR = ("div#§w > ul.§w-§w:nth-child(§d) > li[data-§c=\"§w\"]", "HTML>BODY:eq(0)>DIV#§w>A:eq(§d)", "/html/body/div[§d]/§w/ul/li[§d]/a", "//*[@id=\"§w\"]/div[§d]/span", "body.§w|div#§u.§w.§w-§w|a.btn", "button.css-§tok[aria-label='§ph']", "html>body>div:nth-of-type(§d)>#§w", "a[href^=\"https://§host\"]", "[data-testid=\"§w-§w\"]::after", "svg>g>path:not(.§w)", "#§w@§dd,§dd;§n")


def names(rng):
    """A function that draws parameter names in one style."""
    style = rng.randrange(13)
    mark = rng.choice(("_", "$", "@", "__", "x_", "x-", "ec.", "ep.", "dim", "utm_", "cd", "v.", "#", "~"))

    def draw():
        word, other = rng.choice(NOUNS), rng.choice(VERBS if rng.random() < 0.4 else NOUNS)
        return (lambda: letters(rng, LOWER, 1, 2), lambda: letters(rng, SHORT, 1, 3), lambda: rng.choice(LOWER) + rng.choice(DIGITS), lambda: word + other.title(), lambda: word + "_" + other, lambda: word + "." + other + rng.choice(("", "." + rng.choice(LOWER))), lambda: f"{word}[{other}]" + rng.choice(("", "[]", f"[{rng.choice(DIGITS)}]")),
                lambda: word + "-" + other, lambda: word.upper(), lambda: mark + word, lambda: number(rng), lambda: word[:rng.randint(2, 4)] + rng.choice(("", other[:1])), lambda: f"{word[:1]}:{other}")[style]()
    return draw


def packed(rng, depth=0):
    """Values between delimiters, two or three levels deep, with few or many, some empty."""
    marks = rng.sample(("|", ";", "~", "$", ",", ":", "!", "^", "*", "||", ";;", "~~", "_", "-", "/", ".", "@", "#", "$$", "|~|", "::", "&", "=", "%7C", "%2C", "\t", "\x1f", "..", "+", "^^", "<>", "$_", ";:", "|$", "~$"), 3)
    shape = rng.choice(("flat", "pairs", "pairs", "nested", "keyed", "wrapped", "fixed"))
    count = rng.randint(3, rng.choice((6, 15, 50)))
    key = names(rng)

    def item():
        draw = rng.random()
        if draw < 0.45:
            return rng.choice((number(rng), letters(rng, HEX, 4, 16), f"{rng.random() * 999:.{rng.randint(1, 12)}f}", letters(rng, ALNUM, 1, 10), "-" + number(rng), letters(rng, DIGITS, 13)))
        if draw < 0.6:
            return rng.choice(EDGES)
        if draw < 0.85:
            return rng.choice(NOUNS) if rng.random() < 0.6 else pick(rng, ("§W", "§ID", "§Id", "§city", "§w_§w", "§w §w", "§ver", "§date", "§time"))
        return fill(rng, rng.choice(("§path", "§uuid", "§host", "§tok", "§w.§ext", rng.choice(CLIENTS), "§w(§d)", "[§d,§d]", "{§w:§d}", "\"§w\"", "'§w'", "§url")))
    if shape == "flat":
        return marks[0].join(item() for _ in range(count))
    if shape == "pairs":
        return marks[0].join(key() + marks[1] + item() for _ in range(count))
    if shape == "nested":
        return marks[0].join(marks[1].join(item() for _ in range(rng.randint(1, 5))) for _ in range(count))
    if shape == "keyed":
        return marks[0].join(key() + marks[1] + marks[2].join(item() for _ in range(rng.randint(1, 4))) for _ in range(count // 2 + 1))
    if shape == "wrapped":
        left, right = rng.choice(("()", "[]", "{}", "<>", ("$(", ")"), ("${", "}"), ("!(", ")"), ("((", "))"), ("~(", ")"), ("'", "'"), ("|", "|")))
        return marks[0].join(key() + left + rng.choice((",", marks[1])).join(item() for _ in range(rng.randint(1, 3))) + right for _ in range(count // 2 + 1))
    return "".join(rng.choice(LOWER) + rng.choice((number(rng), letters(rng, HEX, 4), "")) + rng.choice(("", marks[0])) for _ in range(count))


def rison(rng, depth=0):
    """A tree in Rison or jsurl, as dashboards keep it in their addresses."""
    draw = rng.random()
    if depth > 2 or draw < 0.3:
        return pick(rng, ("§n", "!t", "!f", "!n", "§w", "'§ph'".replace("§ph", "§w §w"), "§f", "'§iso'", "now-§d¦h", "'§w.§c:§w'", "'*'", "§uuid", "'!'§w!''"))
    if draw < 0.55:
        return "!(" + ",".join(rison(rng, depth + 1) for _ in range(rng.randint(0, 4))) + ")"
    return "(" + ",".join(fill(rng, rng.choice(("§c", "§id", "§u", "'§w:§c'", "'$§w'"))) + ":" + rison(rng, depth + 1) for _ in range(rng.randint(1, 5))) + ")"


def leaf(rng):
    """One value, of any sort that machines send."""
    draw = rng.random()
    if draw < 0.2:
        return rng.choice((number(rng), letters(rng, DIGITS, 13), f"{rng.random() * 9999:.{rng.randint(1, 14)}f}", letters(rng, HEX, 8, 64), fill(rng, "§uuid"), fill(rng, "§iso")))
    if draw < 0.27:
        return rng.choice(EDGES)
    if draw < 0.36:
        return phrase(rng)
    if draw < 0.42:
        return sentence(rng) if rng.random() < 0.6 else languages.language(rng)[:300]
    if draw < 0.5:
        return nested_url(rng)
    if draw < 0.58:
        return pick(rng, CLIENTS)
    if draw < 0.64:
        return pick(rng, TEMPLATES)
    if draw < 0.69:
        return pick(rng, SELECTOR)
    if draw < 0.77:
        return packed(rng)[:1500]
    if draw < 0.81:
        return letters(rng, rng.choice((B64, ALNUM, ALNUM + "+/")), 30, rng.choice((80, 300, 900)))
    if draw < 0.84:
        return pick(rng, STACKS)
    if draw < 0.87:
        return pick(rng, SCRIPTS)
    if draw < 0.9:
        return beacon.token(rng)[:900]
    if draw < 0.93:
        return json.dumps(tree(rng, 2), separators=(",", ":"))
    if draw < 0.95:
        return rison(rng)
    if draw < 0.97:
        return urllib.parse.quote(json.dumps(tree(rng, 2), separators=(",", ":")), safe="")
    if draw < 0.985:
        return base64.b64encode(json.dumps(tree(rng, 2)).encode()).decode()
    return urllib.parse.urlencode([(key, phrase(rng)) for key in (fill(rng, "§c"), fill(rng, "§w"))])


def nested_url(rng):
    """A URL that carries URLs, escaped once, twice or not at all."""
    inner = fill(rng, rng.choice(("§url", "https://§host/§w?§w=§ph&§w=%7B§w%7D", "https://§host/?utm_source=§w&utm_medium=§w&utm_campaign={{campaign.name}}&gclid=§tok", "/§w?next=/§w/§n", "//§host/§w.js", "§host/§path", "https://§host/§w#/§w?§c=§n", "https://§host/sodar?id=§tok&v=§ver", "https://§host/§w?return=https%3A%2F%2F§host%2F§w%3F§c%3D§n", "https://§host/§w/${§c}/§w?p=[§ID]", "§brand://§w/§n?§c=§w", "http://§host:8080/§w/callback", "https://§host/§w/§w|§w/§w,§w;§w=§w", "//§host/§w/§w.min.css?§c=§ver", "//§host§path", "§path?§u=§url", "/§w/§n/§v?§c=§path&§u=//§host/§w")).replace("/§path", "§path"))
    draw = rng.random()
    if draw < 0.35:
        return inner
    key = fill(rng, rng.choice(("url", "redirect_uri", "r", "u", "dest", "goto", "returnTo", "continue", "src", "ref", "p", "callback", "§u", "next", "target", "RelayState")))
    if draw < 0.5:
        return fill(rng, f"https://§host/§u?{key}=") + inner
    once = urllib.parse.quote(inner, safe="")
    if draw < 0.8:
        return fill(rng, f"https://§host§path?§u=§n&{key}=") + once
    return fill(rng, f"https://§host/r?{key}=") + urllib.parse.quote(fill(rng, f"https://§host/§w?{key}=") + once, safe="")


def tree(rng, depth=3, key=None):
    """JSON of records in records, with names in one style."""
    key = key or names(rng)
    draw = rng.random()
    if depth <= 0:
        return rng.choice((leaf, leaf, leaf, lambda r: r.randrange(-9, 10 ** r.randint(1, 13)), lambda r: r.random() * 1000, lambda r: None, lambda r: r.random() < 0.5))(rng)
    if draw < 0.25:
        return [tree(rng, depth - rng.randint(1, 3), key) for _ in range(rng.randint(0, 4))]
    if draw < 0.33:
        return [rng.choice((rng.randrange(9999), round(rng.random(), 6), 0, -1)) for _ in range(rng.randint(2, 40))]
    return {key(): tree(rng, depth - rng.randint(1, 3), key) for _ in range(rng.randint(1, 7))}


def record(rng, low=3, high=14):
    """A flat list of names and values in one style."""
    key = names(rng)
    return [(key(), leaf(rng)) for _ in range(rng.randint(low, high))]


def minified(rng):
    """Scripts or styles without blanks, of several statements."""
    return rng.choice(("", ";", "\n")).join(pick(rng, SCRIPTS) for _ in range(rng.randint(2, 10)))


def stack(rng):
    """An exception's trace in the form of one of many languages."""
    return pick(rng, STACKS)


def placeholder(rng):
    """A template's places that nobody filled, alone, in an address or in a sentence."""
    places = [pick(rng, TEMPLATES) for _ in range(rng.randint(2, 6))]
    return rng.choice((" ".join(places), fill(rng, "https://§host/§w?") + "&".join(fill(rng, "§u=") + place for place in places), fill(rng, "§s ") + places[0], "/".join(places), ",".join(places)))


def telemetry(rng):
    """Any value that a machine sends, long ones more often."""
    return max(leaf(rng), leaf(rng), key=len) + ("" if rng.random() < 0.8 else rng.choice(",;| ") + leaf(rng))
