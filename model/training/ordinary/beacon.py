"""What trackers, bidders, consent tools, bot sensors and sign-on services send: tokens, lists, blobs, URLs."""

import base64
import json
import urllib.parse
import zlib

from .words import ALNUM, B64, DIGITS, HEX, LOWER, MACRO_NAMES, NOUNS, b64, fill, host, letters, lines, number, path, phrase, pick, raw, sentence, url, uuid4

PUNCTUATION = "!#$%&()*+,-./:;<=>?@[]^_`{|}~"


def _web(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _jwt(rng):
    claims = {"sub": fill(rng, "§uuid"), "iss": fill(rng, "https://§host/"), "aud": fill(rng, "§w"), "iat": rng.randrange(10 ** 9, 2 * 10 ** 9), "name": fill(rng, "§full"), "scope": "openid email " + fill(rng, "§w")}
    kept = {name: claims[name] for name in rng.sample(sorted(claims), rng.randint(2, 6))}
    head = {"alg": rng.choice(("HS256", "RS256", "ES256")), "typ": "JWT", "kid": fill(rng, "§hex")}
    return ".".join((_web(json.dumps(head, separators=(",", ":")).encode()), _web(json.dumps(kept, separators=(",", ":")).encode()), _web(raw(rng, 32, 256))))


def _saml(rng):
    text = fill(rng, "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_§uuid\" Version=\"2.0\" IssueInstant=\"§iso\" Destination=\"https://§host/sso\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">§url</saml:Issuer><samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\" AllowCreate=\"true\"/></samlp:AuthnRequest>").encode()
    return base64.b64encode(zlib.compress(text)[2:-4] if rng.random() < 0.5 else text).decode()


def _protobuf(rng):
    """Length-prefixed text fields and varints, as base64."""
    out = b""
    for field in range(1, rng.randint(3, 12)):
        if rng.random() < 0.5:
            text = pick(rng, ("§w", "§ph", "§url", "§uuid", "§first")).encode()[:120]
            out += bytes(((field << 3 | 2), len(text))) + text
        else:
            out += bytes((field << 3, rng.randrange(128)))
    return _web(out) if rng.random() < 0.6 else base64.b64encode(out).decode()


def token(rng):
    """Long tokens: JWT, SAML, state, consent, hashes, lists of identifiers."""
    draw = rng.random()
    if draw < 0.14:
        return _jwt(rng)
    if draw < 0.24:
        return _saml(rng)
    if draw < 0.36:  # consent strings: sections of web-safe base64
        text = "C" + letters(rng, B64, 5) + "A" + letters(rng, B64, 5) + "A" + letters(rng, B64, rng.choice((30, 80, 250, 500)), 600)
        return text + rng.choice(("", ".YAAAAAAAAAAA", "." + letters(rng, B64, 20, 60), ".f_gAAAAAAAAA", "~" + letters(rng, DIGITS, 3) + "." + letters(rng, DIGITS, 4)))
    if draw < 0.44:
        return rng.choice((",", ";", "|", "~", "%2C", ".", "!")).join(rng.choice((uuid4(rng), letters(rng, HEX, 32), number(rng))) for _ in range(rng.randint(2, 14)))
    if draw < 0.52:
        return base64.b64encode(json.dumps({fill(rng, "§c"): fill(rng, rng.choice(("§w", "§url", "§n", "§uuid", "§s"))) for _ in range(rng.randint(1, 7))}).encode()).decode()
    if draw < 0.6:
        return _protobuf(rng)
    if draw < 0.66:
        return ".".join(letters(rng, B64, 3, 40) for _ in range(rng.randint(2, 7)))
    if draw < 0.72:
        return rng.choice(("sha256-", "sha384-", "v1:", "v2.local.", "gho_", "st2.s.", "xoxb-", "1//0", "DBABLA~B", "0.", "s%3A", "fb.1.", "GA1.2.", "amp-", "__")) + letters(rng, ALNUM + "-_.", 20, 120) + rng.choice(("", "=", "==", "~", "..", ".A"))
    if draw < 0.8:
        return fill(rng, rng.choice(("ac=§n;§u=§tok;§u=§hex", "exp=§nn~acl=/*~hmac=§sha", "exp=§nn~id=§uuid~hmac=§hex", "!§tok!§b", "§tok|§tok|§nn", "(§tok)(§tok)", "§tok--§sha", "§n$§tok$§b", "$2y$10$§tok§tok", "W/\"§hex\"", "\"§hex-§hex\"", "00-§hex-§hex-01", "§ms.§nn", "§AZ§nn.§nn.§nn", "1YNN", "1---", "1P_JAR=§date-§dd", "{§uuid}", "urn:uuid:§uuid", "msg-a:r§nn", "RID_§nn", "v_4_srv_§d_sn_§hex_perc_§n_ol_0_mul_1_app-3A§hex_1")))
    if draw < 0.9:
        return b64(rng, 60, rng.choice((100, 400, 1500)))
    return letters(rng, rng.choice((HEX, HEX.upper(), ALNUM, B64, ALNUM + "+/", DIGITS)), 16, rng.choice((64, 256, 900)))


NAMES = "qc ql dt dma o b sw sh age qt u1 u7 cat src type ord gtm npa pid sid bv uj rn et ru et z cc v c1 eVar1 p cb hc".split()


def _small(rng):
    draw = rng.random()
    if draw < 0.35:
        return str(rng.randrange(10 ** rng.randint(1, 9)) * rng.choice((1, 1, 1, -1)))
    if draw < 0.6:
        return letters(rng, ALNUM, 1, 8)
    if draw < 0.72:
        return rng.choice(NOUNS)
    if draw < 0.8:
        return ""
    if draw < 0.88:
        return f"{rng.choice(LOWER)}({rng.randrange(99)})"
    return rng.choice(("null", "true", "undefined", "NaN", "-1", "0.5", "()", "[]", "{}", "N/A", "?", "<", ">", "i1", "^", "~", "*", "-"))


def _separated(rng):
    outer, inner = rng.choice(("|", ";", "~", "$", ",", ":", "!", "&", ";;", "~-~", "||", "^", "*", "~~", "|-|", "..", "%", "`")), rng.choice(("=", ":", "|", ",", "_", ".", "*", "^", "-", "/"))
    return outer.join(inner.join(_small(rng) for _ in range(rng.choice((1, 1, 2, 3)))) for _ in range(rng.randint(3, 40)))


def _pairs(rng):
    mark, between, equals = rng.choice(("$", "$", "@", "%", "", "~", "!", "&", "*")), rng.choice((";", ";", ",", "|", "&&", "$", "~", "")), rng.choice(("=", "=", ":", "(", "."))
    close = ")" if equals == "(" else ""
    return between.join(f"{mark}{rng.choice(NAMES)}{equals}{rng.choice((number(rng), letters(rng, ALNUM, 2, 14), rng.choice(NOUNS).title(), f'{rng.randrange(99)}_{rng.randrange(9999)}_{rng.randrange(99999)}t'))}{close}" for _ in range(rng.randint(2, 24)))


def _actions(rng):
    """Performance monitors: actions between bars, with selectors and URLs."""
    entry = ("§d|§dd|_load_|_load_|-|§ms|§ms|dn|§n|svtrg|1|lr|§url", "§d|§dd|_event_|§ms|_vc_|V|§n^pu|VCD|§n|VCDS|1^p0^ps^s#§w|S|§n", "§d|§dd|_event_|§ms|_wv_|lcpE|IMG|lcpSel|div.§w>p:first-child|lcpS|§n|lcpU|-", "1|§dd|c|§W §w|C|§ms|§ms|§n|§url", "§d|§d|x|xhr|x|§ms|§ms|§n|§url|§hex", "h.t=§ms;§w.res=§n", "!(rum:(nav:(dns:§d,tcp:§d,ttfb:§n)))", "§u~§dd~-~Nno_§az~§w.0_§n*§w.0_§d*vn.2_§u~-~-", "§tok*0(§d)*§d*0(§n)*BUTTON(§d)~-~r§nn~-~~", "§dd_§nn_-§dd_0_§dd", "§dd_e_§dd_§n_0", "§d,§n,§nn,§n,§d;-1,2,-94,-§n,")
    text = rng.choice((",", "$", "&", "~~", ";")).join(lines(rng, entry, 2, 12))
    return (fill(rng, "$a=") if rng.random() < 0.4 else "") + text + (fill(rng, "$rId=RID_§nn$domR=§ms$w=§n$h=§n$url=§url$title=§ph$tvn=§path$v=§ver") if rng.random() < 0.4 else "")


def _sensor(rng):
    """Bot sensors: characters of every kind that only the sensor's server can read."""
    head = rng.choice((fill(rng, "§d;§nn;§nn;§dd,0,0,§d,§d,0;"), fill(rng, "§n.§d-1,2,-94,-100,"), "", fill(rng, "§d:"), "=", "qn="))
    alphabet = rng.choice((ALNUM + PUNCTUATION + " ", ALNUM + PUNCTUATION, ALNUM + "`{}[]()$|,:;=+<>!@~%*/", ALNUM + "+/=|-", ALNUM + ",.:;-_*!"))
    text = head + letters(rng, alphabet, 30, rng.choice((80, 300, 1200, 3500)))
    return text.replace("$(", "$").replace("${", "{$").replace("`", "`" if rng.random() < 0.5 else "'")


def _omniture(rng):
    """Nested analytics contexts: name. … .name."""
    return fill(rng, "AQB=1&ndh=1&pf=1&t=§d/§d/§Y §time §d -60&d.&nsid=0&jsonv=1&.d&ce=UTF-8&pageName=§path&g=§url&c.&§w=§w&§w=§ph&§u.&§c=§n&.§u&.c&cc=USD&ch=§w pages&events=event§dd,event§d=§f&products=;§nn;§d;§f;event§dd=§n|event§dd=§n;eVar§dd=§w:§w&v§d=D=c§d&c§dd=§W|§W|§n|§d|Nav&s=1920x1080&AQE=1")


def _impression(rng):
    return json.dumps({fill(rng, "§c"): [{fill(rng, "§w.§c"): fill(rng, rng.choice(("§url", "§path", "§uuid", "?§w=§tok&§w=true", "§agent", ""))), "t": rng.randrange(10 ** 12, 2 * 10 ** 12), fill(rng, "§id"): rng.choice((None, True, False, 0, -1, [], {}, fill(rng, "§w > §w:nth-child(§d)")))} for _ in range(rng.randint(1, 5))], "v": fill(rng, "§ver")}, separators=(",", ":"))


LINES = (
    "pr§d=id§nn~nm§Brand §W §dd.§d  (§n x §n) §n¦Hz; §W §W; §W-§W~lp§d~br§Brand~ca§W §W|§n~liTop §W By §W~pr§f~qt1", "nm§W %26 §W~af(not set)~cp§w~ds§f~k0§w~v0§w", "ids=§tok&ids=§tok&ids=§tok&ids=§tok&ids=§tok&ids=§tok&ids=§tok&ids=§tok", "v=!§az§d;!§az§d", "cust_params=§w%3D§n%26§w%3D§w,§w&prev_iu_szs=§n¦x§n,fluid&iu_parts=§nn,§w,§w.§w,§W&enc_prev_ius=/0/1/2/3", "MCMID|§nn§nn§nn",
    "Not%2FA)Brand;8.0.0.0|Chromium;§dd.0.§n.§dd|Google%20Chrome;§dd.0.§n.§dd", "\"Not_A Brand\";v=\"8\", \"Chromium\";v=\"§dd\", \"Google Chrome\";v=\"§dd\"", "ed=§tok..&crd=§b&label=§tok", "src=§nn;type=§u;cat=§u;ord=§nn;gtm=§tok;auiddc=§nn.§nn;u1=§path;~oref=§url?", "/segment/§d/read/§az;;pixel/?s=§n&r=§w/", "container/§n;§n;§n;iframe/", "gdpr(§dd)ti(§d)", "bt:1:gdpr:§dd:et:§nn:w:§nx§n:v:§n:z:0:i:§nn:u:§nn:st:§nn", "z=0:ru=§d:bv=1:uj=§w:l=§n", "type=rec.§n$src=rec$action=1$reqsig=§tok", "d=d&g=ja&blay=a§dw§di1w§ddr1,e§dw§da1&dsig=about:m",
    "§n.§n|§w.§w|§tok|§nn", "pv=§d!§w!§tok!§n", "1|-1|1;-1|-1|1;-1|§n", "§w:§w>§w|§w:§n>§n", "HP|HP|§dB|§nn|§W§W|Make§W", "-7_0_§dd&§dd_§nn_-8_0_1", "tgt=nonce=§b;age=§dd;$dt=1t", "v1,§nn,§n,§n,2,§n,-§n,0", "cd[§w]={\"classList\":\"btn §w \",\"destination\":\"\",\"id\":\"add_to_cart_§w\"}", "ev=§W|em=§hex|ph=|fn=", "_gid=§nn.§nn&_r=1&gjid=&z=§nn&jid=", "gcd=13l3l3l3l1&npa=0&dma=0&tag_exp=0", "[[\"wrb.fr\",\"§tok\",null,\"[[§n,\\\"§w\\\",null,[1,\\\"§ph\\\"]]]\"]]", "[null,null,[[\"§w\",§n],null,[§d]],\"\\n\\n\",0,null,[§ms,\"UTC\"]]",
    "m=§n&p=$§w.§w$&k={§w}&c=;§w;", "p:§n*§n!§az|§w", "0:§tok;1:§tok;2:(§n;§n)", "ut=§w()&fn=§w.§w()", "callback=_§u_§n.§u[§d].§w", "onload=§id", "onload=on§WReady&render=explicit", "callback=s_c_il[1].do§W", "jsonp=jQuery§nn_§ms", "fields=kind,items(kind,id,§c,§w(id,§c),capabilities(can§W,can§W)),next§WToken", "fields[§t]=§c,§c,?§c,?is_§w,can_§v", "ids=§tok&ids=§tok&ids=§tok", "$select=§c,§c&$expand=§w($levels=2)", "§w=§n&§w[]=§n&§w[]=§n&§w[§c][]=§w", "!(§az:§n,§az:'§w')", "?§w;§w=§n;§w=§n", "e=§n&q=§d&hp=1&wf=1&ra=§d&pxm=§d&vz=-&zp=4", "+§n;-§n;=§n", "#§w*§n#", "{%§d¦c%04:§n}", "us_privacy=1YNN&gpp=DBABLA~BVQqAAAACgA.QA&gpp_sid=7",
)


def beacon(rng):
    """Values between separators that trackers, bidders and monitors send."""
    return rng.choices((_separated, _pairs, _actions, _sensor, _omniture, _impression, lambda r: rng.choice(("&", "", ";", " ")).join(lines(r, LINES, 1, 3))), (16, 14, 14, 14, 8, 10, 24))[0](rng)


DEVELOPED = ("http://localhost:{port}/{page}", "http://localhost:{port}/", "https://localhost:{port}/{page}?§w=§n", "http://localhost:{port}/{page}?code=§tok&state=§tok", "http://127.0.0.1:{loopback}/callback", "http://127.0.0.1:{loopback}/?state=§tok", "http://§w.local:{port}/{page}", "http://§w.test/{page}", "http://localhost/wordpress/§w/", "http://localhost:{port}/#/§w")
SCHEMES = ("§url", "§url", "§url", "§url", "//§host§path", "§brand://§w/§path?§w=§n", "javascript:void(0)", "javascript:;", "about:blank", "blob:https://§host/§uuid", "chrome-extension://§u§u/§w.js", "mailto:§mail?subject=§w%20§w&body=§w", "tel:+§nn", "intent://§host§path#Intent;scheme=https;package=com.§brand.§w;end", "ftp://§host/pub/§file", "ws://§host:§n/socket", "file:///C:/Users/§first/§file", "android-app://com.§brand.§w", "urn:§w:§w:§n", "data:,§w", "https://[2001:db8::§hex]/", "https://user@§host/", "§host", "§host:§n", "https://§host/§w;jsessionid=§hex?§w=§n", "https://§host/a/b;c=§n?x[]=§d&y[§w]='§w'#top", "https://xn--§u-§u.§host", "https://§host/#/§w/§n?tab=§w", "https://§host/§w.php?act=§w", "magnet:?xt=urn:btih:§sha&dn=§w", "s3://§brand-§w/§w/§date/", "git+ssh://git@github.com/§brand/§w.git", "otpauth://totp/§Brand:§mail?secret=§AZ§AZ§AZ§AZ&issuer=§Brand", "webcal://§host/§w.ics", "https://§host/§w/{z}/{x}/{y}.png", "https://*.§host/*")


def _developed(rng):
    """A page or a sign-in's return address on a developer's machine; loopback redirects are those of RFC 8252."""
    text = rng.choice(DEVELOPED).replace("{port}", rng.choice("3000 3001 4200 5000 5173 8000 8080 8081 8888 9000 44300 19006".split()))
    text = text.replace("{loopback}", str(rng.randrange(49152, 65536))).replace("{page}", rng.choice("callback auth/callback login/oauth2/code/§w signin-oidc dashboard §w §w/§n oauth2/redirect index.html".split()))
    return fill(rng, text)


def _nested(rng, depth):
    inner = (_developed(rng) if rng.random() < 0.15 else fill(rng, rng.choice(SCHEMES[:6]))) if depth == 0 else _nested(rng, depth - 1)
    name = rng.choice("redirect redirect_uri next url u return returnUrl continue dest target r rurl callback ref goto service RelayState callbackUrl page dl dr".split())
    extra = "".join(fill(rng, rng.choice(("&§w=§n", "&utm_source=§brand&utm_medium=email", "&state=§tok", "&§w=§w", "&scope=openid%20email"))) for _ in range(rng.randint(0, 3)))
    return f"https://{host(rng)}{path(rng)}?{name}={urllib.parse.quote(inner, safe='' if rng.random() < 0.7 else '/:')}{extra}"


def link(rng):
    """URLs in parameters: nested, encoded twice, local, odd schemes."""
    draw = rng.random()
    if draw < 0.35:
        return _nested(rng, rng.choice((0, 0, 0, 1, 1, 2)))
    if draw < 0.5:
        return fill(rng, "https://§host/§w/?utm_source=§brand&utm_medium=§w&utm_campaign=§w_§date&utm_term=§q&gclid=§tok&fbclid=§tok")
    if draw < 0.56:
        return _developed(rng)
    if draw < 0.8:
        text = pick(rng, SCHEMES)
        return text if ":void" not in text and text not in ("javascript:;", "about:blank") else text + rng.choice(("", fill(rng, "#§w"), fill(rng, "|§url")))
    if draw < 0.9:
        return rng.choice((" ", "\n", ",", "|", ";", "%0A")).join(url(rng) for _ in range(rng.randint(2, 8)))
    return rng.choice((sentence(rng) + " " + url(rng), f"<{url(rng)}>", f"[{phrase(rng)}]({url(rng)})", f"\"{url(rng)}\"", fill(rng, "§url -> §url"), fill(rng, "§path/../§w"), fill(rng, "§path?§w=§n&amp;§w=§n")))
