"""Ordinary values that look dangerous: names, prose, markup, templates, code, tokens."""

import base64
import random
import string

FIRST = "Sean Anne Mary Conor Siobhan Jean-Luc Renée José Łukasz Özgür Nguyễn Мария 李雷 佐藤 محمد דוד Grace Pat Zoë D'Arcy".split()
LAST = "O'Brien O'Neil D'Angelo O'Connor D’Souza N'Diaye M'Bappé Smith-Jones García Müller Иванова 王 O'Reilly L'Estrange".split()
SENTENCES = (
    "Please select an option from the list where it says country and order by date.",
    "We drop table reservations after 15 minutes; union members get 10% off.",
    "It's Bob's turn to update set 3 of the exercise and delete from row 5.",
    "Can't log in: the page says \"error 500\" and then nothing happens...",
    "I'd like 2 tickets & a programme, or 3 if there's room (row A-F).",
    "He said 'no' and she said \"yes\" -- they can't both be right!",
    "What's the difference between a < b and a <= b? If x > y then x != y.",
    "Insert coin into slot 4, then select all or having lunch first; exec summary attached.",
    "Size 5'10\" / 178cm; lat 48° 51' 24\" N, long 2° 21' 07\" E",
    "I <3 this song :) ;-) ^_^ <(^.^)> \\o/ ¯\\_(ツ)_/¯",
    "Price: $5.00 (was $10); save 50%! Use code 'SAVE50' => 50% off; T&C's apply.",
    "The script in act 2 needs an alert actor; onload of cargo, eval forms due Monday.",
    "Rock & roll, R&B, AT&T, Q&A; C# and F#, C++ -- all in one; 100% cotton",
    "meeting 10:30; bring id; cat food; ls of names | see notes && call back",
    "Do you sell the union jack, select edition? Or '1984' or \"Brave New World\"?",
    "cat and dog food; echo dot; sleep mask; curl cream; ping pong table; nail file",
    "Der Ausdruck „a=1 oder b=2“ ist falsch; l'été d'un côté, c'est l'amour",
    "¿Quién es el dueño? ¡Qué día! 'Hola' -- dijo; precio = 10€",
    "今日は天気がいいですね。「はい」と言った。価格は1,000円です。",
    "Привет! Как дела? Выбери \"все\" из списка; скидка 20% -- успей",
    "שלום, מה שלומך? 'טוב' -- תודה; מחיר: 100 ש\"ח",
    "1 + 1 = 2; (a+b)^2 = a^2 + 2ab + b^2; f(x) = x*x -- and so on; |x| < 1",
    "SELECT is a reserved word in SQL, so is UNION; how do I escape quotes?",
    "My password can't contain ' or \" or ; characters, why?",
    "See section 3.1 -- \"Where to order\" -- and/or appendix B /* draft */ # todo",
    "Use the <b> tag for bold and <i> for italics; never use <font>.",
    "The admin's comment -- 'or so they say' -- was deleted from the group by mistake.",
    "if you're happy and you know it && clap your hands || stomp; else sit",
)
RICH = (
    "<span style=\"color:grey;\">{w} as low as <span style=\"font-weight:bold;\">${n}</span></span>",
    "<div style=\"text-align:center;width:{n}px\" class=\"{w}\" id=\"{w2}\"><img src=\"/img/{w}.png\" alt=\"\"><br>{s}</div>",
    "<font color=\"#{n}\" size=\"2\"><b>{w}</b></font> <u>{w2}</u>",
    "<p style='margin:0;font-family:\"Helvetica Neue\",Arial'>{s}</p>",
    "<h3>{w}</h3><iframe width=\"560\" height=\"315\" src=\"https://www.youtube.com/embed/{w}{n}\" frameborder=\"0\" allowfullscreen></iframe>",
    "<blockquote>{s}</blockquote><hr><pre><code>{w} = {w2}</code></pre>",
    "<ul class='{w}'><li data-id='{n}'>{w2}</li></ul><!-- {w} -->",
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><VAST version=\"3.0\"><Ad id=\"{n}\"><Wrapper><AdSystem version=\"3.0\">{w}</AdSystem><VASTAdTagURI><![CDATA[https://{w}.com/v?id={n}&cb=%%CACHEBUSTER%%]]></VASTAdTagURI><Impression id=\"{w2}\"><![CDATA[//{w2}.net/i]]></Impression></Wrapper></Ad></VAST>",
    "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>{w}</title><link>https://{w2}.com/</link><item><description>{s}</description></item></channel></rss>",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><html><head><title>{w}</title></head><body><p>{s}</p></body></html>",
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{w} {w2}</title><link rel=\"stylesheet\" href=\"/{w}.css\"></head><body><h1>{w}</h1><p>{s}</p></body></html>",
    "<{w}><{w2} id=\"{n}\">{s}</{w2}></{w}>",
    "<p>Hello <strong>{w}</strong>,</p><p>thanks for your order&nbsp;#{n}.</p><ul><li>{w}</li><li>{w2}</li></ul>",
    "<div class=\"note\"><h2>{w}</h2><br/>{s}</div>",
    "<p>{s}</p>\n<p><a href=\"https://www.{w}.com/{w2}?id={n}\" target=\"_blank\" rel=\"noopener\">{w2}</a></p>",
    "<table><tr><td>{w}</td><td>{n}</td></tr></table>",
    "<img src=\"https://cdn.{w}.com/i/{n}.jpg\" alt=\"{w2}\" width=\"{n}\" height=\"80\">",
    "<span style=\"color:#ff0000;font-size:14px\">{s}</span>",
    "# {w}\n\n- {s}\n- **{w2}** `{w}`\n\n> {s}\n\n[{w}](https://{w2}.org/{n})\n\n```\n{w}({n});\n```",
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\"><path d=\"M12 2L2 7l10 5 10-5-10-5z\"/></svg>",
    ".{w}{{color:#333;background:url(https://{w2}.com/bg.png) no-repeat;width:calc(100% - {n}px)}}@media (min-width:{n}px){{.{w2}{{display:none}}}}",
    "function {w}(a,b){{return a>b?a:b}}var {w2}={{n:{n},s:\"{w}\"}};if({w2}.n>3){{{w}({w2}.n,{n})}}",
)
MACROS = ("{{{{ {w} }}}}", "{{{w}}}", "${{{W}}}", "%%{W}%%", "[{w}]", "__{W}__", "{{{{{w}}}}}", "${{{W}_{W2}}}", "%{w}%", "<{w}>",
          "{{{{{w}.{w2}}}}}", "[%{w}%]", "{{{{#if {w}}}}}{w2}{{{{/if}}}}", "#{{{w}}}", "@{w}@", "$${W}$$", "%7B{w}%7D", "{{lpurl}}", "[[{W}]]")
PATHS = ("C:\\Users\\{w}\\Documents\\{w2} ({n}).docx", "/usr/local/share/{w}/{w2}.json", "/home/{w}/{w2}/IMG_{n}.JPG", "/var/www/{w}/index.html",
         "./{w}/{w2}.js", "../{w}.png", "file:///Users/{w}/Desktop/{w2}.html", "\\\\server\\share\\{w}\\{n}", "~/{w}/.config/{w2}", "webpack:///./src/{w}/{w2}.tsx?{n}",
         "chrome-extension://{w}/{w2}.js:{n}:17", "blob:https://{w}.com/{n}")
LINES = ("//cdn.{w}.{w2}.net/js/{w}.min.js?v=1.{n}.8", "/var/www/{w}/public/index.html", "FYI /var/www/{w}/public/{w2}.php", "mailto:{w}@app.{w2}.de?subject=Your%20{w}&body=Hello%20{w2}", "select {w} {w2} {n}", "/{w}/{n}/{w2}/a;;pixel/", "{w}/;{w2}={n};/{w}", "Search: {n} results found for \"{w}\"", "https://*.{w}.com https://*.{w2}.org 'self' 'unsafe-inline' data: blob:", "default-src 'self'; script-src 'self' https://{w}.com 'unsafe-eval'; report-uri /{w2}", "#{w}=__{w2}__&k={n}", "{{%{n}c%04:{n}}}", "../../../../assets/images/{w}-icon.png", "../../{w}/css/{w2}.css", "../../../static/js/{w}.min.js?v={n}", "url(../../fonts/{w}.woff2)", "www.../{w}/{w2}", ".../{w}", "||||", "|||{w}", "{w}||{w2}|{n}|", "1|-1|1;-1|-1|1;-1|{n}", "$dt=1t;$hc;age={n};${w}", "{n}*0(1)*0*0({n})*BUTTON(0)~-~vn.2_{w}*co.3",
         "() | {w} {w2}", "setuid('{n}')", "'root' in parents and creator='me' and trashed=false", "title contains '{w}' and mimeType!='application/{w2}'", "show_{w}('{n}')", "{w}.fn({n},'{w2}');", "z=0:ru=9:bv=1:uj={w}:l={n}", "#{w}*{n}#", "type=rec.{n}$src=rec$action=1$reqsig={w}", "~{w}~~{n}~", "a:1;b:2;c:'{w}'", "{w}%20{w2}%26{n}", "%{n}%2F{w}%", "-1||1", "+1 ({n}) 555-0199 x{n}", "{n};{n};{n}", "/etc/{w}/{w2}/{n}", "[object Object]", "NaN", "undefined,null", "{w}[{n}][{w2}]", "<{w}@{w2}.com>", "\"<{w}>\"", "<{n}", ">{n}", "{n}<x<{n}",
         "window.{w}.{w2}({n})", "document.querySelector('#{w} > .{w2}')", "div.{w} > a:nth-child({n})", "//*[@id=\"{w}\"]/div[{n}]/a", "javascript:void(0)", "javascript:;", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk", "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "https://www.{w}.com/{w2}?utm_source={w}&utm_medium=email&id={n}&next=%2F{w2}%3Fa%3D{n}", "//cdn.{w}.net/{w2}.js?v={n}", "http://{w}.{w2}.co.uk:8080/a/b;c={n}?x[]=1&y[k]='{w}'#top",
         "{{\"event\":\"{w}\",\"props\":{{\"a\":{n},\"b\":[\"{w2}\",null,true],\"u\":\"https://{w}.com/\"}}}}", "[[\"{w}\",{n},[null,[1,\"{w2}\"]],\"[\\\"{w}\\\",{n}]\"]]",
         "{w}={n}|{w2}={n}|{w}$({n})${w2}", "{w}:{n};{w2}:{n};", "dc_pre={w};src={n};type={w2};cat=x;ord={n};~oref=https://{w}.com/?",
         "status in (1,2,3) and updated >= '2024-01-01'", "name eq '{w}' and price gt {n}", "project = {W} AND status != Done ORDER BY created DESC", "title:\"{w}\" AND (tag:{w2} OR tag:{w})", "from:{w} subject:({w2} OR {w}) -label:spam",
         ">=1.{n}.0 <2.0.0 || ^3.1", "^[a-z0-9._%+-]+@[a-z]+\\.[a-z]{{2,}}$", "*/5 * * * 1-5", "rgba(0,0,0,.5)", "(min-width: {n}px) 50vw, calc(100vw - 2rem)", "text/html;q=0.9,*/*;q=0.8",
         "TypeError: Cannot read property '{w}' of undefined\n    at {w2} (https://{w}.com/app.js:{n}:25)\n    at Array.map (<anonymous>)", "Uncaught SyntaxError: Unexpected token '<' at {w}.js:{n}",
         "Mozilla/5.0 (compatible; {w}bot/2.1; +http://www.{w}.com/bot.html)", "{W}-{n}-{W2}", "SKU#{n}/{w} (x2) @ $9.99", "{w}@{w2}.com; {w2}@{w}.org", "a=1&b=2&c={w}", "'{w}'", "\"{w} {w2}\"", "{w} -- {w2}", "({w}) {w2}'s", "O'{w} & {w2}", "{n}' x {n}\"", "100% {w}; {w2}")
CODE = ("function(){{t==={w}.W.signUp?l(v.K.{w2}):u(k.By.{w})}}", "function(e,t){{return e.{w}?t({n}):null}}", "()=>{{{w}({n})}}", "var {w}={w2}||{{}};{w}.push(['{w2}',{n}]);", "!function(n,e){{n[e]=n[e]||[]}}(window,'{w}');", "if({w}.length>{n}){{{w2}=!0}}else{{{w2}=!1}}", "const {w} = await {w2}.get(`/{w}/${{id}}`);", "for (let i = 0; i < {n}; i++) {{ {w}[i] = i; }}",
        "e=>e.{w}&&e.{w2}", "return {w} ? '{w2}' : \"\";", "import {w} from './{w2}';", "print(f\"{{{w}}} and {{{w2}}}\")", "def {w}(self): return self.{w2}[{n}]", "public static void {w}(String[] {w2}) {{}}", "{w}::{w2}('js/{w}.min.js')", "@media print{{.{w}{{display:none}}}}", "try{{{w}()}}catch(e){{}}", "$('#{w}').on('click',{w2});", "new Date().getTime()-{n}", "window.{w}=window.{w}||[];")
WORDS = "alpha home list cart order select update table summer union script image profile group report index delete system filter where having match option user admin test news video search shop style event login eval exec from drop insert alert echo shell root passwd config include object process window document cookie base class import require create".split()

PLAIN = WORDS[:19] + "lpurl adgroup campaign clickid cachebuster gdpr gdpr_consent price timestamp keyword first_name url uuid placement device".split()


def _fields(rng):
    word, other = rng.choice(WORDS), rng.choice(WORDS)
    return {"w": word, "w2": other, "W": word.upper(), "W2": other.upper(), "n": rng.randrange(2, 99999), "s": rng.choice(SENTENCES)}


SMALL = "and or in on the of for with from by to a is not like where select order union group having drop table insert into update set delete create all case when then else end exec join left limit as null true between values cast char sleep count".split()
PLAIN_WORDS = "books shoes red blue women men kids best new cheap hotel pizza recipe how make guide city park music jobs price small large winter dress phone case used car cat dog food cake near me reviews tickets online world history garden coffee".split()
APOSTROPHE = "o'reilly o'brien d'angelo o'neil l'oreal levi's mcdonald's women's men's kid's don't what's it's can't rock'n'roll 'n' '90s l'amour d'or qu'est-ce macy's lowe's valentine's i'm you're mother's cote d'azur".split(" ")


def phrase(rng):
    """What people type into a search box: apostrophes beside words that SQL and shells also know."""
    words = [rng.choice(rng.choice((PLAIN_WORDS, PLAIN_WORDS, SMALL, APOSTROPHE))) for _ in range(rng.randrange(2, 8))]
    if rng.random() < 0.15:
        words[rng.randrange(len(words))] = str(rng.randrange(1, 3000))
    if rng.random() < 0.1:
        words.insert(rng.randrange(len(words)), rng.choice(("-", "--", "&", "+", "/", "|", "vs.", "#1", "*", "...")))
    text = " ".join(words)
    if rng.random() < 0.1:
        text = rng.choice((f'"{text}"', f"'{text}'", f'{words[0]} "{text}"', f"({text})"))
    return text if rng.random() < 0.7 else text.title()


def message(rng):
    """Text with lines that look like headers: a part of a batch call, a mail, a log, a form letter."""
    word, other, number = rng.choice(PLAIN), rng.choice(PLAIN), rng.randrange(10, 99999)
    eol = rng.choice(("\r\n", "\r\n", "\n"))
    names = rng.sample(("Content-Type: application/json", "Content-ID: <{n}@{w}>", "X-Goog-Drive-Client-Version: {w}.web-frontend_{n}.15_p0", "X-{W}-Id: {n}", "Authorization: Bearer {w}{n}", "Accept: application/json", "Content-Transfer-Encoding: binary", "Host: www.{w}.com", "User-Agent: {w}/{n}", "Cookie: {w}={n}",
                        "From: {w}@{o}.com", "To: {o}@{w}.com", "Subject: Re: {w} {o}", "Date: Mon, 3 Jun 2024 10:0{d}:11 +0000", "Reply-To: {w}@{o}.org", "Cc: {o}@{o}.net", "If-Match: \"{n}\""), rng.randrange(1, 7))
    lines = [name.format(n=number, w=word, o=other, W=word.title(), d=number % 10) for name in names]
    start = rng.choice(([], [], [f"POST /{word}/v2internal/{other}/{number}?alt=json&key={word}{number} HTTP/1.1"], [f"GET /{word}?fields=kind,{other} HTTP/1.1"], ["content-type: application/http"]))
    body = rng.choice(("", "{}", f'{{"{word}":{{"{other}":true}}}}', rng.choice(SENTENCES), f"{word}={number}"))
    return eol.join(start + lines) + eol + eol + body


def structured(rng):
    """Short tokens and numbers between separators, as trackers, bidders and bot sensors send them."""
    if rng.random() < 0.2:  # $name=value;… lists
        mark, between = rng.choice(("$", "$", "@", "%", "")), rng.choice((";", ";", ",", "|", "&&"))
        return between.join(f"{mark}{''.join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(1, 5)))}{rng.choice(('=', '=', ':'))}{rng.choice((str(rng.randrange(10 ** rng.randrange(1, 10))), rng.choice(WORDS).title(), f'{rng.randrange(99)}_{rng.randrange(9999)}t'))}"
                            for _ in range(rng.randrange(2, 14)))
    separators = rng.sample(("|", "||", ";", "~", "$", "*", ",", ":", "!", "^", "`", "_", "&", ";;", "|-|", "--", "#", "/", "@", "=", "..", "~-~", "%"), rng.choice((1, 1, 2, 2, 3)))
    out = ""
    for _ in range(rng.randrange(3, 40)):
        draw = rng.random()
        if draw < 0.35:
            token = str(rng.randrange(10 ** rng.randrange(1, 9)) * rng.choice((1, 1, -1)))
        elif draw < 0.6:
            token = "".join(rng.choice(string.ascii_letters) for _ in range(rng.randrange(1, 6)))
        elif draw < 0.7:
            token = ""
        elif draw < 0.8:
            token = rng.choice(WORDS)
        elif draw < 0.88:
            token = f"{rng.choice(PLAIN)}={rng.randrange(999)}"
        elif draw < 0.94:
            token = f"{rng.choice(string.ascii_lowercase)}({rng.randrange(9)})"
        else:
            token = rng.choice(("null", "true", "undefined", "NaN", "-1", "0.5", "()", "[]", "{}", "N/A", "?", "<", ">"))
        out += token + rng.choice(separators)
    return out


def patch(rng):
    """A piece of a unified diff."""
    a, b, word, other = rng.randrange(1, 400), rng.randrange(1, 30), rng.choice(WORDS), rng.choice(WORDS)
    lines = [f"@@ -{a},{b} +{a},{b + 1} @@" if rng.random() < 0.7 else "@@ -1 +1 @@"]
    for _ in range(rng.randrange(1, 7)):
        lines.append(rng.choice("-+ ") + rng.choice((f"# {word.title()}-{other.title()}", f"{word} = {other};", f"    {rng.choice(SENTENCES)}", f"// {word} {other}", f"/* {word} */", f"-- {word}", rng.choice(CODE).format(**_fields(rng)), "", f"* {word}", f"\"{word}\": \"{other}\",")))
    return "\n".join(lines)


def table(rng):
    """Rows of cells between bars: Markdown, organisers, terminals, wikis."""
    cell = lambda: rng.choice((rng.choice(PLAIN_WORDS), f"{rng.choice(PLAIN_WORDS)} {rng.choice(SMALL)}", str(rng.randrange(9999)), f"{rng.randrange(999)}.{rng.randrange(99):02}", rng.choice(APOSTROPHE), "", "-", "x", f"${rng.randrange(99)}", f"{rng.randrange(99)} %", f"`{rng.choice(WORDS)}`", f"**{rng.choice(PLAIN_WORDS)}**", "n/a", "ok", "✓"))
    columns, form = rng.randrange(1, 6), rng.randrange(5)
    gap = rng.choice((" ", " ", "  ", ""))
    row = lambda cells, mark="|": mark + mark.join(f"{gap}{c}{gap}" for c in cells) + mark
    rule = lambda: "|" + "|".join(rng.choice(("---", ":--", "--:", ":-:", "-" * rng.randrange(3, 12), "-" * rng.randrange(2, 9) + ":", " --- ")) for _ in range(columns)) + "|"
    head, rows = [cell() for _ in range(columns)], [[cell() for _ in range(columns)] for _ in range(rng.randrange(1, 6))]
    if form < 2:
        lines = [row(head), rule(), *map(row, rows)]
    elif form == 2:
        edge = "+" + "+".join("-" * rng.randrange(3, 12) for _ in range(columns)) + "+"
        lines = [edge, row(head), edge, *map(row, rows), edge]
    elif form == 3:
        lines = ["{|", "! " + " !! ".join(head), *(line for cells in rows for line in ("|-", "| " + " || ".join(cells))), "|}"]
    else:
        lines = [row(head, "||"), *map(row, rows)]
    if rng.random() < 0.3:
        lines.insert(0, rng.choice(SENTENCES) + rng.choice(("", "\n")))
    return "\n".join(lines)


MARKS = "=== == != <> && || -> => :: << >> ?? ?. $(...) ; | -- # /* */ // ' \" ` NULL null undefined NaN const var let async await SELECT select UNION JOIN LEFT JOIN WHERE HAVING GROUP BY ORDER BY NOT IN (...) (select ...) COUNT(*) LIKE '%x%' id = ? LIMIT 10 OFFSET DROP DELETE UPDATE INSERT grep -r sed awk cat ls -la chmod 755 sudo curl wget ./configure make rm cp -r | wc -l | sort > /dev/null 2>&1 $PATH ${VAR} %s {} [] () <div> <br/> </p> <script> onclick href= src alert() eval() console.log() document.body window {{name}} {% if %} <%= %> #{x} @media .class #id ../ ./ /etc/hosts /var/www C:\\ *.txt ^[a-z]+$ .* \\d+ \\n 0x1F 1e3 true false".split()
INLINE = ("Use {a} instead of {b}, and {c} in line {n}.", "What is the difference between {a} and {b}?", "Is it OK to use {a} in {b}? My teacher says \"{w}\".", "In line {n} you wrote {a}, I think {b} is meant.", "The command {a} prints {n} here.", "{a} does not work, {b} does.", "Please replace {a} by {b} everywhere (see {c}).", "Can I put {a} inside {b}?", "Why does {a} need {b}? The manual says {c}, but...", "Never use {a}; prefer {b}.", "Error near {a} at line {n}", "How do I escape {a} in {b}?", "Rename {w} to {w2}, drop {a}, keep {b}.", "nit: {a} → {b}", "{w} {a} {w2}: what does {a} mean?", "Tip #{n}: {a} is faster than {b} for {w}.", "'{a}' and '{b}' are reserved words, '{w}' is not.", "I typed {a} {b} and got {c}", "Does {a} return {b} or {c}?", "- {a}\n- {b}\n- {c}")


def inline(rng):
    """Sentences that name operators, keywords, commands and tags, as reviews, tutorials and questions do."""
    wrap = rng.choice(("{}", "`{}`", "`{}`", "'{}'", "\"{}\"", "<code>{}</code>", "**{}**", "({})"))
    mark = lambda: wrap.format(" ".join(rng.choice(MARKS) for _ in range(rng.choice((1, 1, 1, 2, 3)))))
    text = rng.choice(INLINE).format(a=mark(), b=mark(), c=mark(), n=rng.randrange(1, 9999), w=rng.choice(WORDS), w2=rng.choice(PLAIN_WORDS))
    draw = rng.random()
    if draw < 0.2:
        text = rng.choice(("Hi {f}, ", "FYI ", "Note of {n}-0{d}-1{d}: ", "{f}: ", "@{f} ", "Re: ", "Q: ", "PS: ")).format(f=rng.choice(FIRST), n=rng.randrange(2000, 2026), d=rng.randrange(1, 9)) + text
    elif draw < 0.4:
        text += rng.choice((" ", "\n")) + rng.choice(SENTENCES)
    return text


SNIPPETS = ("<?php\n${w} = array_map('trim', explode(',', ${w2}));\necho count(${w});", "<?php foreach (${w} as ${w2}) {{ echo ${w2}->name; }} ?>", "<?php echo $this->{w}('{w2}'); ?>", "<?= htmlspecialchars(${w}) ?>", "#!/bin/sh\nset -e\ncp -r {w}/ /srv/{w2}\necho \"done\"", "#!/usr/bin/env bash\nfor {w} in *.txt; do\n  wc -l \"${w}\"\ndone", "location /{w}/ {{\n  proxy_pass http://127.0.0.1:{n};\n}}", "server {{ listen 80; server_name {w}.com; root /var/www/{w}; }}", "{n} 5 * * 1-5 /usr/local/bin/{w} --quiet", "*/5 * * * * /usr/bin/{w} >/dev/null 2>&1", "!function(e,t){{e.{w}=e.{w2}||[];t.createElement(\"script\")}}(window,document);", "(function(w,d,s,l,i){{w[l]=w[l]||[];var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true}})(window,document,'script','{w}','{w2}-{n}');",
            "def {w}({w2}):\n    return [x for x in {w2} if x]", "import os\nfor name in os.listdir('{w}'):\n    print(name)", "SELECT {w}, count(*) FROM {w2} GROUP BY {w} HAVING count(*) > {n};", "func {w}({w2} string) error {{\n\treturn nil\n}}", "try {{ {w}({n}); }} catch (Exception e) {{ log.error(\"{w2}\", e); }}", "$ {w} --{w2}={n} | sort | uniq -c", "public class {w} extends {w2} {{ private int n = {n}; }}", "@Override\npublic String {w}() {{ return \"{w2}\"; }}", "{w} = {w2} or []\nassert {w}, '{w2}'", "if (!empty($_POST['{w}'])) {{ ${w2} = trim($_POST['{w}']); }}", "docker run -d -p {n}:80 --name {w} {w2}:latest", "npm install {w} && npm run {w2}", "git commit -m \"{w} {w2}\" && git push", "const {{ {w} }} = require('{w2}');", "resource \"{w}\" \"{w2}\" {{\n  name = \"${{var.{w}}}\"\n}}", "FROM {w}:{n}\nRUN apt-get update && apt-get install -y {w2}\nCMD [\"{w2}\"]")


def snippet(rng):
    """A piece of code that somebody shows to others, with or without a word to it."""
    text = rng.choice(SNIPPETS).format(**_fields(rng))
    draw = rng.random()
    if draw < 0.25:
        return text
    lead = rng.choice(("Hi {f},", "FYI", "Please review:", "What does this do?", "This works for me:", "{f} wrote:", "I changed it to", "The script:", "Before:", "Note of {n}:", "see below", "Does anybody know why")).format(f=rng.choice(FIRST), n=rng.randrange(2000, 2026))
    tail = rng.choice(("", "", "That is all of it, please comment.", "Thanks!", "It fails on line 3.", rng.choice(SENTENCES)))
    return "\n".join(part for part in (lead, text, tail) if part)


def _blob(rng):
    raw = bytes(rng.randrange(256) for _ in range(rng.randrange(12, 220)))
    draw = rng.random()
    if draw < 0.3:
        return base64.b64encode(raw).decode()
    if draw < 0.5:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if draw < 0.65:
        return raw.hex()
    if draw < 0.75:
        return "".join(rng.choice(string.ascii_letters + string.digits + "-_.~!*()'$,;:@/") for _ in range(rng.randrange(10, 160)))
    if draw < 0.85:
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"' + raw.hex()[:20].encode() + b'"}', raw))
    if draw < 0.93:
        return "".join(rng.choice(string.printable[:94]) for _ in range(rng.randrange(8, 24)))  # a password
    return "-".join("".join(rng.choice("0123456789abcdef") for _ in range(k)) for k in (8, 4, 4, 4, 12))


def value(rng: random.Random):
    """One ordinary value."""
    draw = rng.random()
    if draw < 0.28:
        return table(rng) if draw < 0.08 else snippet(rng) if draw < 0.16 else inline(rng)
    draw = rng.random()
    if draw < 0.12:
        text = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    elif draw < 0.32:
        text = " ".join(rng.sample(SENTENCES, rng.choice((1, 1, 2))))
        if rng.random() < 0.4:  # a part of it, as a search box gets it
            words = text.split()
            start = rng.randrange(len(words))
            text = " ".join(words[start:start + rng.randrange(1, 9)])
    elif draw < 0.44:
        text = rng.choice(RICH).format(**_fields(rng))
    elif draw < 0.54:
        names = {"w": rng.choice(PLAIN), "w2": rng.choice(PLAIN), "W": rng.choice(PLAIN).upper(), "W2": rng.choice(PLAIN).upper()}
        text = rng.choice(MACROS).format(**names)
        if rng.random() < 0.3:
            text = f"{rng.choice(WORDS)}{rng.choice(' -_=/:')}{text}{rng.choice(WORDS)}"
    elif draw < 0.62:
        text = rng.choice(PATHS).format(**_fields(rng))
    elif draw < 0.69:
        text = phrase(rng)
    elif draw < 0.83:
        text = rng.choice(LINES).format(**_fields(rng))
    elif draw < 0.88:
        text = _blob(rng)
    elif draw < 0.93:
        text = structured(rng)
    elif draw < 0.94:
        text = patch(rng)
    elif draw < 0.97:
        text = message(rng)
    else:
        text = " ".join(rng.choice(CODE).format(**_fields(rng)) for _ in range(rng.choice((1, 1, 1, 2, 4))))
    return text
