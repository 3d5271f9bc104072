"""What people write: names and quotes, sums, logs, paths, mail, chats, addresses, products, passwords."""

import base64
import json
import string

from .words import ALNUM, APOSTROPHE, NOUNS, SMALL, fill, letters, lines, phrase, pick, prose, raw, sentence

QUOTES = (
    "§full", "§last, §first", "Mr. & Mrs. §last", "§first 'Mac' §last", "§first \"§W\" §last", "§first §last's §w", "O'§last1 & sons or O'§last & daughters", "5'§d\" and §dd\"", "§d' §d\" x §d' §d\"", "48° §dd' §dd\" N, 2° §dd' §dd.§d\" E", "rock 'n' roll or §w 'n' §w", "the '90s and the '80s", "l'§w d'aujourd'hui, c'est l'amour ou rien", "qu'est-ce que c'est que l'union d'un §w et d'une §w ?", "dell'§w, all'§w, un po' d'acqua",
    "Sinn Féin's or Fianna Fáil's §w", "Women's union or men's select §w", "§first's select group having '§w' like §last's", "the teachers' union and the students' order", "it's '§w' or it's \"§w\", isn't it?", "'§w' and '§w'", "\"§w\" or \"§w\"", "§first said: 'I don't like it' and left", "§w's and §w's, or §w's", "«§W» и „§W“ или “§w”", "‘§w’ and ’§w’", "o'§w and d'§w", "'§w", "§w'", "\"§w", "it''s", "don't; won't, can't -- shan't", "Hallowe'en or New Year's, §first?", "Xi'an, Hawai'i, Côte d'Ivoire, Val-d'Oise", "Y'all'd've liked §city's §w", "§price or nothing -- \"that's it\", §first'll say",
    "§d'§dd\" / §ddd cm", "(§w's) and (§w)", "[§w] 'or' [§w]", "where's the union's §w? or is it §last's", "Order's having '§w', like, always", "§first O'§w1-D'§w1", "Levi's 501 32\"/34\" 'Original'", "15.6\" laptop or 27\" monitor", "' or \" -- which quote do I use?", "my name's apostrophe is shown as &#39; or \\'", "The Who's \"Who's Next\"", "select 'n' save or pick 'n' mix", "1/2\" x 3/4\" elbow, #§n", "`§w` and ´§w´", "Is 'a' = 'a'? In logic class, yes: a thing is itself.", "§W: the \"§w\" of '§w' (§n)", "He wrote '§w' = \"§w\" on the board", "Ain't no mountain or river's gonna stop '§w'", "McDonald's or Wendy's and Domino's", "Ma'at & Ra: gods' union; select §d", "D'Arcy's or Bennet's, 1813",
)
def quotes(rng):
    """Apostrophes and quotes beside words that SQL knows."""
    draw = rng.random()
    if draw < 0.7:
        return pick(rng, QUOTES) + ("" if rng.random() < 0.6 else rng.choice((" ", ", ", " and ", " or ", " -- ", "; ")) + pick(rng, QUOTES))
    if draw < 0.85:
        words = [rng.choice(rng.choice((APOSTROPHE, APOSTROPHE, SMALL, NOUNS))) for _ in range(rng.randint(2, 7))]
        return " ".join(words)
    return f"{sentence(rng)} {pick(rng, QUOTES)}" + rng.choice((".", "!", "?", "", " :)"))


MATH = (
    "\\frac{§n}{§x} + \\sqrt{§x^§d} \\leq \\sum_{i=1}^{§n} x_i", "\\begin{pmatrix} §d & §d \\\\ §d & §d \\end{pmatrix}", "$§x^2 + §x^2 = §n$", "\\int_0^{\\infty} e^{-§x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}", "{x ∈ ℝ | x > §n and x ≠ §d}", "∀ε>0 ∃δ>0: |x−a|<δ ⇒ |f(x)−f(a)|<ε", "§n < x <= §n or x = -§n", "if a<b and b<c then a<c", "(§x+§x)^§d = §x^2 + 2§x§x + §x^2", "f(x) = |x| - §d; f'(x) = §d, f''(x)=0", "P(A|B) = P(B|A)·P(A)/P(B)", "A ∪ B, A ∩ B', (A \\ B)", "§n! / (§d!(§n-§d)!)", "1+1=2; 2+2=4; §n-§n=0?", "§n % §d == §d and §n / §d != §d", "y' = -k*y, y(0)=§n", "lim_{x->0} sin(x)/x = 1", "x = (-b ± √(b²-4ac)) / 2a", "p ∨ ¬p; p && !q || r", "a OR b, a AND NOT b, (a XOR b) NAND c", "§f × 10^-§d m/s²", "log_§d(§n) ≈ §f",
    "§x ≡ §d (mod §n)", "[§n, §n) ∪ {§n}", "\\left\\{ \\begin{array}{ll} §x & \\mbox{if } §x > 0 \\\\ -§x & \\mbox{otherwise} \\end{array} \\right.", "\\documentclass{article}\n\\begin{document}\n§s $§x_{§d}$ \\cite{§w§n}\n\\end{document}", "H_0: μ = §n; H_1: μ ≠ §n (p < 0.0§d)", "§n'000 + §dd% = §n", "§n*§n-(§n/§d)+§d^§d", "=§n*§n", "(§n+§n)*§d", "sin(§n°)**2+cos(§n°)**2", "x > §n AND x < §n", "|§x| <= §n; §x' >= §d", "f: A -> B, x |-> x^§d", "<x, y> = Σ x_i y_i", "§d:§d = §x:§dd", "√§n ∈ ℕ?", "O(n log n) < O(n^2)", "a_n = a_{n-1} + a_{n-2}", "0x§hex & 0xFF == §n", "2 || 3 (parallel lines), 2 ∤ §n", "§n-§n-§n", "\\(§x \\ge §d\\) and \\[§x = §n\\]", "E=mc^2; F=m*a", "{(x,y) : y = §dx + §d}", "logic: 1=1 is always true, 1=2 never, says the logic book on page §n",
)


def math(rng):
    """Formulas in LaTeX, ASCII and symbols, and homework about them."""
    text = rng.choice((" ", "; ", "\n", ", ", " and ")).join(lines(rng, MATH, 1, rng.choice((1, 2, 4))))
    draw = rng.random()
    if draw < 0.25:
        return f"{rng.choice(('Solve', 'Exercise', 'Prove that', 'Show:', 'Homework', 'Why is', 'Let'))} {fill(rng, '§n')}: {text}" + rng.choice(("", "?", ". " + sentence(rng)))
    return text


LOGS = (
    "§ip - - [§DD/§mon/§Y:§time +0000] \"GET §path?§w=§w HTTP/1.1\" §dd0 §n \"§url\" \"§agent\"", "§ip - §first [§DD/§mon/§Y:§time +0200] \"POST /§w.php?id=§n&action=§v HTTP/1.1\" 302 - \"-\" \"curl/§ver\"", "\"GET /favicon.ico HTTP/1.1\" 404 §n", "\"GET /.well-known/§w HTTP/2.0\" 404", "§mon §DD §time §w sshd[§n]: Accepted publickey for §w from §ip port §n ssh2", "§mon  §d §time §w kernel: [§n.§nn] usb 1-§d: new high-speed USB device number §d", "§iso INFO  [main] c.§brand.§Id - Started in §f seconds", "§iso ERROR §w: could not §v '§w': permission denied (os error §d)",
    "level=warn ts=§iso caller=§base.go:§n msg=\"§ph\" err=\"context deadline exceeded\"", "{\"level\":\"error\",\"ts\":§n.§n,\"msg\":\"§s\",\"path\":\"§path\",\"status\":§n}", "[§day §mon §DD §time §Y] [error] [client §ip] File does not exist: /var/www/html/§w", "§Y/0§d/§DD §time [error] §n#§n: *§n open() \"/usr/share/nginx/html/§w.§ext\" failed (2: No such file or directory), client: §ip, server: §host, request: \"GET /§w HTTP/1.1\"", "§date,§n,§w,\"§last, §first\",§f,TRUE", "§c;§c;§c\n§n;§w;\"§w\"\n§n;§w;", "\"id\",\"§c\",\"§c\"\r\n\"§n\",\"§full\",\"§price\"", "type=AVC msg=audit(§n:§n): avc: denied { read } for pid=§n comm=\"§w\"", "E/AndroidRuntime(§n): FATAL EXCEPTION: main", "[    0.§n] §W: §id=§n",
    "§time:§dd.§n DEBUG (Thread-§d) [§Id] >>> §path <<< §n ms", "WARN  deprecated §w@§ver: §s", "CEF:0|§Brand|§W|§ver|§n|§W §w|§d|src=§ip spt=§n act=blocked request=§url", "§w[§n]: (root) CMD (test -x /usr/sbin/§w || ( cd / && run-parts --report /etc/cron.daily ))", "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"§w\"}}]},\"scopeSpans\":[{\"spans\":[{\"traceId\":\"§hex\",\"name\":\"§W /§w\",\"attributes\":[{\"key\":\"db.statement\",\"value\":{\"stringValue\":\"SELECT §c FROM §t WHERE id = ?\"}}]}]}]}]}", "§w_total{§c=\"§w\",le=\"+Inf\"} §n", "SLOW QUERY (§n ms): SELECT §c FROM §t WHERE §c = ? ORDER BY §c", "-- MARK --", "%ASA-§d-§n: Built outbound TCP connection §n for outside:§ip/443", "npm ERR! code E§n\nnpm ERR! §n Not Found - GET https://npm.§brand.org/§w", "<§n>1 §iso §host §w §n - - §s", "[Violation] 'setTimeout' handler took §nms", "ld: symbol(s) not found for architecture arm64", "§Id.java:[§n,§dd] ';' expected", "src/§base.c:§n:§d: warning: implicit declaration of function '§id' [-Wimplicit]", "§ip §w \"-\" \"-\" 0.0§dd <- what is this? §s",
)
def log(rng):
    """Lines of logs, telemetry and tables, and questions about them."""
    text = "\n".join(lines(rng, LOGS, 1, rng.choice((1, 2, 6))))
    return text if rng.random() < 0.75 else f"{sentence(rng)}\n\n{text}\n\n{prose(rng, 0, 1)}"


PATHS = (
    "C:\\Users\\§first\\Documents\\§W §w (§d).docx", "C:\\Program Files (x86)\\§Brand\\§W\\§w.exe", "D:\\§w\\§date\\IMG_§n.JPG", "\\\\§w-srv\\share$\\§w\\§W", "%APPDATA%\\§Brand\\§w.ini", "%USERPROFILE%\\Desktop\\§file", "/usr/local/share/§w/§w.json", "/home/§w/§w/IMG_§n.JPG", "/var/www/§w/releases/§n/current", "~/.config/§brand/§w.toml", "$HOME/§w/§file", "./§w/§file", "../§w.png", "../../../../assets/images/§w-icon.png", "../../../node_modules/@§brand/§w/dist/§file", "../../§w/css/§w.css?v=§n", "url(../../fonts/§w.woff2)", "/etc/nginx/sites-available/§w", "/etc/§brand/§w.d/§dd-§w.conf", "/etc/sni-asset/§w/videos/§d/§dd/§n/§nn", "/etc/designs/§w/§w.css", "/bin/§w/§w.html", "/proc/cpuinfo says §d cores", "webpack:///./src/§w/§Id.tsx?§hex", "webpack-internal:///(app-pages-browser)/./src/§w.tsx", "file:///Users/§w/Desktop/§w.html",
    ".../§w/§w", "§w/*/§w/**/*.§ext", "§path/./§w", "HKEY_LOCAL_MACHINE\\SOFTWARE\\§Brand\\§W", "/pub/static/version§nn/frontend/§Brand/§w/he_IL/§Brand_§W/template/§w.html", "/on/demandware.static/-/Sites-§w-catalog/default/dw§hex/§w and §w/§w.jpg", "/wp-content/uploads/§Y/0§d/§w-§nx§n.jpg", "/content/dam/§w/§w.coredownload.inline.pdf", "s:\\§w\\§w\\..\\§w", "src\\main\\java\\com\\§brand\\§Id.java", "arn:aws:s3:::§brand-§w/*", "gs://§w-§n/§w/part-0000§d", "/dev/sda§d mounted on /mnt/§w", "§file\n§file\n§w/§file", "a/§w b/§w", "M\t§w/§file\nA\t§file\nD\t§w/§file", "drwxr-xr-x  §d §w §w §n §mon §DD §time §w", "-rw-r--r-- 1 root root §n §mon §DD §time §file", "/§w/%7B§w%7D/§w", "/System/Library/§W.framework", "jar:file:/opt/§w/lib/§w-§ver.jar!/BOOT-INF/classes!/§w", "classpath*:/§w/**/*.xml", "C:§w.txt", "§W/§W\\§w.dwg", "~§w/public_html/§w", "/cgi-bin/§w.pl?§w=§w", "/§w.php~", "/§w;v=§d/§w;§w=§n",
)


def path_list(rng):
    """File names and paths, alone and in talk."""
    draw = rng.random()
    if draw < 0.6:
        return rng.choice((" ", "\n", ";", ", ", ":")).join(lines(rng, PATHS, 1, rng.choice((1, 1, 2, 5))))
    if draw < 0.85:
        return fill(rng, rng.choice(("Where is §p?", "I moved §p to §p and now it's empty.", "In §p on line §n: §s", "cannot open §p: No such file", "The file `§p` isn't in the archive. §s", "see §p (§dd kB)", "import '§p'", "[§p] changed by §first", "Delete §p and §p, then restart.", "<link href=\"§p\">", "@import \"§p\";")), p=lambda r: pick(r, PATHS))
    return f"{sentence(rng)}\n" + "\n".join("- " + line for line in lines(rng, PATHS, 2, 6))


HEADS = ("From: §full <§mail>", "To: §mail", "Cc: \"§last, §first\" <§mail>", "Subject: Re: §W §w", "Subject: =?UTF-8?B?§b?=", "Date: §day, §DD §mon §Y §time +0000", "Message-ID: <§tok@§host>", "Reply-To: §mail", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/alternative; boundary=\"§tok\"", "Content-Transfer-Encoding: quoted-printable", "X-Mailer: §Brand §ver", "In-Reply-To: <§tok@§host>", "List-Unsubscribe: <https://§host/u/§tok>", "Received: from §host (§ip) by §host with ESMTPS id §tok; §day, §DD §mon §Y §time +0000", "Content-ID: <§n+§w>", "Return-Path: <§mail>", "DKIM-Signature: v=1; a=rsa-sha256; d=§host; s=§w; bh=§b=; b=§bb")
def mail(rng):
    """Letters with header lines, replies with quotes, parts of batches, form letters."""
    draw = rng.random()
    eol = rng.choice(("\r\n", "\n", "\n"))
    if draw < 0.4:
        return eol.join(lines(rng, HEADS, 2, 8)) + eol + eol + prose(rng, 1, 4) + eol + rng.choice(("", fill(rng, "-- " + eol + "§full")))
    if draw < 0.65:
        return fill(rng, rng.choice(("Hi §first,", "Dear Sir or Madam,", "Hello all,", "Dear Ms. §last,"))) + eol + eol + eol.join(sentence(rng) for _ in range(rng.randint(1, 5))) + eol + eol + fill(rng, rng.choice(("Kind regards,§e§full", "Best,§e§first", "Thx!§e-- §first", "Sent from my phone", "§e________________________________§eFrom: §full <§mail>§eSent: §date §time§eTo: §full§eSubject: Re: §W")), e=eol)
    if draw < 0.85:
        return fill(rng, "On §day, §mon §DD, §Y at §time, §full <§mail> wrote:") + eol + eol.join("> " * rng.choice((1, 1, 2)) + sentence(rng) for _ in range(rng.randint(1, 5))) + eol + eol + prose(rng, 1, 2)
    return fill(rng, rng.choice(("POST /§w/v2internal/§w/§n?alt=json&key=§tok HTTP/1.1", "GET /§w/v1.0/§t?$top=§d HTTP/1.1", "PATCH §path HTTP/1.1", "HTTP/1.1 200 OK"))) + eol + eol.join(lines(rng, ("Content-Type: application/json", "Accept: */*", "Content-ID: <§tok:§n>", "X-§Brand-Client: §w.web_§n.§dd_p0", "If-Match: \"§hex\"", "Host: §host"), 1, 4)) + eol + eol + fill(rng, rng.choice(("{}", "{\"§c\":\"§w\"}", "")))


CHATS = (
    ":-/ §s", "§s <3", "^_^ §ph", ">_< §w again", "¯\\_(ツ)_/¯ §s", "(╯°□°)╯︵ ┻━┻ the §w is §adj", ":D :P ;-) :'( §ph", "lol §ph xD", "o_O §s", "\\o/ §w §vd!!!", "@§first §s", "#§w #§w §s", "/me §vs §w", "/§v @§w §n", "brb; §w & §w", "§first: §s\n§last: §s", "+1, §ph", "s/§w/§w/", "<§w> §s", "[§time] <§first> §s", "§s 😀🎉👍🏽", "👨‍👩‍👧‍👦 §ph ❤️", "... and?! §ph???", "(§s)", "||spoiler: §ph||", "~~§w~~ **§w** `§id`", "§price?? 😱", "-.- -_- ._. §w", "*§vs the §w*", "AFK §d min...", "=^.^= cat ate the §w", "(>'-')> <('-'<) ^('-')^", "orz m(_ _)m §w", "kk thx bye;", "%) §ph 100%!", "don't @ me && don't #§w me", "$§w to the moon 🚀🚀", "if (tired) sleep(); else code(); // my life", "§w > §w > §w", "§w < §w <<< §w", "cmd+c cmd+v §ph", "sudo §v me a §w :)", "git commit -m \"§w\" and go to bed", "SELECT * FROM fridge WHERE beer = 'cold' haha", "404 §w not found :(", "while(true) { coffee++; }", "</rant>", "<sarcasm>§s</sarcasm>", "<rant> §s </rant>",
    "!!1!eleven §ph", "@here @§w §s", "§s -> §s", "★彡 §W 彡★", "»-(¯`v´¯)-» §W »-(¯`v´¯)-»", "~*§W*~", "x_§W_x", "--> §ph <--", "§d/§dd would §v again", "r u there? y/n", "'sup §first? 'k",
)
def chat(rng):
    """Chat lines, with faces made of punctuation."""
    return rng.choice((" ", "\n", " ")).join(lines(rng, CHATS, 1, rng.choice((1, 1, 2, 4))))


PROSE = (
    "§full\n§n §W Street, Apt. #§d\n§city §n", "c/o §last, 2e étage, §n bis rue de l'§W, F-§n §city", "P.O. Box §n; Att: Mr. O'§W", "Tel.: +§dd (0) §dd / §n-§dd; Fax -§dd", "Curriculum vitae: §date -- §date: §W manager at §Brand & Co. (§city); §s", "Skills: SQL, HTML/CSS, C++, C#, shell scripting; drivers' licence: yes", "§§ §n(§d)(a) The §w shall, where applicable, select or order the §w; and/or (b) grant, delete or update it, save as in Art. §d.", "WHEREAS the Union and the §W (\"§W\") have agreed; NOW, THEREFORE: §s", "Opening hours: Mon-Fri §time-§time; Sat: by order only (union holidays excepted)", "IBAN: DE§dd §n §n; BIC: §AZ§AZ§AZ§AZDEFF; Ref. §n/§dd", "VAT no. IE§nn§AZ; Reg'd in §city", "Job: senior §w engineer (m/f/d) -- §s; apply to: §mail", "Q: §s A: §s", "1) §s 2) §s 3) §s", "Allergies: nuts; shellfish; wheat & oats. Diet: no pork/beef. Notes: '§w' only", "Dosage: 2x §d mg/day; max. §dd mg; stop if > §d days", "Ingredients: flour (§dd%), sugar, salt; may contain traces of §w.",
    "The defendant's execution of the order was null and void; the union's declaration, having like effect, stands.", "Terms & Conditions apply; see §url. Offer ends §date -- 'while stocks last'.", "Lecture §d: Select Topics in §W; Group B: order effects; Table §d.§d; Fig. §d(b) -- see appendix", "Translation: \"§w\" = '§w' (noun), \"to §v\" (verb)", "Abstract -- §s §s §s Keywords: §w; §w; §w", "REF: §AZ§AZ-§n/§AZ; YOUR ORDER §n -- §n x §w @ §price", "§city (§w district), lat: §f, lon: -§f; alt. §n m", "Size chart: XS < S < M < L < XL; waist 32\"; height 5'§d\"", "Flight §AZ§AZ§n: §city -> §city, dep. §time, arr. §time (+1)", "Recipe: 1/2 cup of §w, 3/4 tsp salt; mix & bake §dd' at 180°", "Sermon: Mt 5:3-12; 1 Kg 19:11; \"like a §w\"", "Score: §d-§d (§d-§d); 45'+§d' §last, 90' O'§last", "ISBN 978-0-§n-§n-§d; pp. §n-§n; ed. by §last & §last", "DOB: §date; place: §city; mother's maiden name: O'§last", "License plate: §AZ§AZ-§AZ §n; VIN: §AZ§nn§AZ§n", "I agree: [x] yes [ ] no; union member: y/n",
)
def prose_text(rng):
    """Addresses, résumés, legal and other longer prose."""
    draw = rng.random()
    if draw < 0.55:
        return "\n".join(lines(rng, PROSE, 1, rng.choice((1, 1, 2, 4)))).replace("§§", "§")
    return prose(rng, 2, rng.choice((4, 8, 20)))


PRODUCTS = ("§Brand §W §n-§AZ §adj §w, §color (§d-pack)", "§W 1/2\" x 3/4\" §w #§n", "§first's §adj §w & §w -- §dd% off", "SKU#§n/§w (x§d) @ §price", "§Brand® §W™ §dd\" 4K (§date)", "C++ for dummies; §d. ed.", "USB-C <-> HDMI §w, §d m", "AA/AAA §w [§dd pcs] {§color}", "§Brand '§W' §w; §color/§color", "Men's §w | Women's §w | Kids' §w", "Echo Dot (§d. Gen) | §color", "§W+ §W*, §d¦x§dd cm", "§AZ§AZ-§n/§dd.§d-§AZ", "\"§W\" & '§W' -- DVD+CD", "R&B/Soul; Drum'n'Bass; §W", "§Brand's §W No. §d", "§n.§d mm² §w <§d Ω", "Union Jack §w or drop-table §w", "Select §w: §Brand, §adj or §adj", "§W=§color;§W=§d", "#§n §W §w #§n", "§W (§W) -- [§W]", "Script font §w; image table §w", "§Brand %100 cotton; §d'li §w", "I.N.C §W @§price/pc", "§W <NEW> §w!!!", "A-§n; B-§n; C-§n", "50% polyester/50% §w -- 'one size'", "§w;§w;§w,§color", "1\" - 2\" §w: §price; 3\" - 4\": §price")


def product(rng):
    """Names and codes of goods."""
    return pick(rng, PRODUCTS) if rng.random() < 0.75 else rng.choice((" | ", ", ", "; ", " + ")).join(lines(rng, PRODUCTS, 2, 3))


SYMBOLS = "!@#$%^&*()_+-=[]{}|:,.?~"


def password(rng):
    """What password generators and people make: random characters, words with symbols."""
    draw = rng.random()
    if draw < 0.45:
        return letters(rng, ALNUM + SYMBOLS * 2 + "'\";<>/\\`", 8, 32)
    if draw < 0.75:
        return "".join(rng.choice((fill(rng, "§W"), fill(rng, "§n"), rng.choice(SYMBOLS), letters(rng, string.ascii_letters, 1, 4))) for _ in range(rng.randint(3, 7)))
    if draw < 0.88:
        return rng.choice("-_. +/").join(fill(rng, "§w") for _ in range(rng.randint(3, 6))) + rng.choice(("", "!", "1", "'", "?", "$"))
    text = fill(rng, "§first§n").translate(str.maketrans("aeiost", "@3!0$7"))
    return text + rng.choice(SYMBOLS) * rng.randint(1, 3)


def keys_mashed(rng):
    """Fingers rolled over a keyboard, as testers fill forms."""
    row = rng.choice(("asdfghjkl", "hgfd", "qwertyuiop", "zxcvbnm", "asd", "jkl;", "fghj", "dsa", "123", "йцукен", "фыва"))
    return rng.choice(("", " ")).join(letters(rng, row, 3, 14) for _ in range(rng.randint(1, 5)))


NUMBERS = ("§n,§n,§n,§n", "§nn;§nn;§nn", "§f,-§f,§f", "[§n,§n,[§n,§n],§n]", "§n-§n,§n-§n", "-§n", "§n..§n", "§n|§n|§n", "(§n)(§n)(§n)", "§n:§n:§n", "+§n -§n", "§ms,§ms,§ms", "0,0,0,0,§d,0,0", "§nn§nn§nn", "1e§d,2E-§d,.5,§d.", "§n/§n/§n", "§n x §n x §n", "NaN,-1,Infinity,§n", "§d,§d,§d,§d,§d,§d,§d,§d", "0x§hex,0x§hex", "§dd%,§dd%,§dd%", "§n*§n", "§n§n§n-§n-§n")


def numbers(rng):
    """Long lists of numbers."""
    parts = [pick(rng, NUMBERS) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.6:
        separator = rng.choice((",", ";", "|", " ", "~", "-", "\n", ":", "%2C", "*", "_", "."))
        count = rng.choice((10, 40, 200))
        high = 10 ** rng.randint(1, 7)
        parts.append(separator.join(str(rng.randrange(-high if rng.random() < 0.3 else 0, high)) for _ in range(rng.randint(4, count))))
    return rng.choice((",", ";", "\n", " ")).join(parts)


def _points(rng, low, high):
    return [(round(rng.uniform(-180, 180), rng.randint(1, 7)), round(rng.uniform(-90, 90), rng.randint(1, 7))) for _ in range(rng.randint(low, high))]


def geometry(rng):
    """Shapes: WKT, GeoJSON, SVG paths, bounding boxes, encoded lines."""
    draw = rng.random()
    points = _points(rng, 2, 20)
    if draw < 0.25:
        text = ", ".join(f"{x} {y}" for x, y in points)
        return rng.choice(("LINESTRING ({})", "POLYGON (({}))", "MULTIPOINT ({})", "SRID=4326;LINESTRING({})", "POLYGON Z (({}))")).format(text)
    if draw < 0.45:
        return json.dumps({"type": "Feature", "geometry": {"type": "LineString", "coordinates": points}, "properties": {fill(rng, "§c"): fill(rng, "§ph"), "stroke": fill(rng, "§rgb")}})
    if draw < 0.75:
        return "".join(rng.choice("MLlHhVvCcSsQqTtAamz") + rng.choice((",", " ")).join(str(round(rng.uniform(-50, 90), rng.randrange(4))) for _ in range(rng.randint(1, 6))) for _ in range(rng.randint(2, 24))) + rng.choice("zZ")
    if draw < 0.85:
        return fill(rng, rng.choice(("bbox=§f,§f,§f,§f", "@§f,-§f,§dd¦z", "(§f,-§f),(§f,§f)", "intersects(§c,POINT(§f -§f))", "circle(§f,§f,§n)", "matrix(1,0,0,1,§n,-§n)", "§f;§f/§f;§f|§f", "geo:§f,-§f;u=§n", "N§dd°§dd'§f\" W§d°§dd'§f\"", "!1m18!1m12!1m3!1d§n.§d!2d-§f!3d§f!2m3!1f0!2f0!3f0!3m2!1i§n!2i§n!4f13.1!3m3!1m2!1s0x§hex:0x§hex!2s§W!5e0")))
    return "".join(chr(rng.randrange(63, 127)) for _ in range(rng.randint(10, 160)))  # an encoded line


NOTATION = ("§d. e4 e§d¦§d. Nf3 Nc6 §d. Bb5 a6 §d. O-O Nf6! §d. d4?? exd4 {§ph} 1-0", "r1bqkbnr/pp§dp1pp/§d¦n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 §d", "[Event \"§W §w\"]\n[White \"§last, §first\"]\n[Result \"1/2-1/2\"]\n\n1. d4 d5 §d. c4 *", "X:§n\nT:§W's §w\nM:6/8\nK:G\n|:G2B d>cB|A3 (3ABA:|", "|Am7 / D7 / |Gmaj7 / / / | %  |", "e|---§d---§d-|\nB|-§d---§d---|\nG|---------|", "CH3-CH(OH)-COO(-) + H(+) <=> CH3CH(OH)COOH", "CC(=O)Oc1ccccc1C(=O)O", "C[C@@H](N)C(=O)O.Cl", "InChI=1S/C§dH§dO§d/c§d-§d(§d)§d/h§dH", "2 H2 + O2 -> 2 H2O; ΔH = -§n kJ/mol", "[Fe(CN)6]^{4-} | Fe^{3+}/Fe^{2+} || Ag", "5'-ATGC§AZCGTA-3' / 3'-TACG-5'", ">sp|P§n|§wU_HUMAN §W OS=Homo sapiens\nMKTAYIAK", "k2tog, yo, *p1, k§d*; rep from * to end", "R U R' U' R' F R2 U' R' U' R U R' F'", "1♠ – (Pass) – 2♥; 3NT=; §dx", "Bb7(#9) | Eb^7 | F#m7b5", "c4 d8 e f2 \\bar \"|.\" <c e g>1", "Ω = §d.§d k, C = §n µF, V(t) = V0*e^(-t/RC)", "Sudoku: §d..|.§d.|..§d", "...---... -.-. --.-", "E2E4; E7E5; *", "(;GM[1]FF[4]SZ[19];B[pd];W[dp]C[§ph])", "d6+§d, 2d8+§d vs. AC §dd", "1/0 -- 0/1, bye; 6-4 7-6(§d) *§d-6", "q=§d;k=§d;d§d-c§d!")


def notation(rng):
    """Chess, music, chemistry and other notations."""
    return rng.choice(("\n", " ", "; ")).join(lines(rng, NOTATION, 1, rng.choice((1, 2, 3)))) + ("" if rng.random() < 0.6 else " " + pick(rng, ("§ph", "(§n)", "-- §full", "#§n §s")))
