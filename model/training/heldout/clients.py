"""Clients: the header sets of browsers, apps, libraries and services.

headers(rng, client, host, method) gives [[name, value], …] without Cookie,
Content-Type and Content-Length, in an order the client uses.
"""

from heldout import grammar

LANGUAGES = ("en-US,en;q=0.9", "en-GB,en;q=0.8", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.8,en-US;q=0.5,en;q=0.3", "es-ES,es;q=0.9", "pl,en-US;q=0.7,en;q=0.3",
             "it-IT,it;q=0.9,en-US;q=0.8", "sv-SE,sv;q=0.9", "pt-BR,pt;q=0.9,en;q=0.6", "nl,en;q=0.8", "ja,en-US;q=0.9", "cs-CZ,cs;q=0.9")
NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
FIREFOX_NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def chrome(rng, host, method, fetch):
    version = rng.randint(109, 139)
    system, platform = rng.choice([("Windows NT 10.0; Win64; x64", '"Windows"'), ("Macintosh; Intel Mac OS X 10_15_7", '"macOS"'), ("X11; Linux x86_64", '"Linux"'), ("Linux; Android 10; K", '"Android"')])
    mobile = "?1" if "Android" in system else "?0"
    agent = "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0%s Safari/537.36" % (system, version, " Mobile" if mobile == "?1" else "")
    brand = '"Chromium";v="%d", "%s";v="%s", "Google Chrome";v="%d"' % (version, rng.choice(["Not-A.Brand", "Not;A=Brand", "Not)A;Brand", "Not/A)Brand"]), rng.choice(["8", "24", "99"]), version)
    found = [["Host", host], ["Connection", "keep-alive"]]
    if method == "POST" and fetch == "navigate":
        found.append(["Cache-Control", "max-age=0"])
    found += [["sec-ch-ua", brand], ["sec-ch-ua-mobile", mobile], ["sec-ch-ua-platform", platform]]
    if fetch == "navigate":
        found += [["Upgrade-Insecure-Requests", "1"], ["User-Agent", agent], ["Accept", NAVIGATION]]
        found += [["Sec-Fetch-Site", rng.choice(["none", "same-origin"])], ["Sec-Fetch-Mode", "navigate"], ["Sec-Fetch-User", "?1"], ["Sec-Fetch-Dest", "document"]]
    else:
        found += [["User-Agent", agent], ["Accept", {"image": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}.get(fetch, rng.choice(["*/*", "application/json, text/plain, */*"]))]]
        found += [["Sec-Fetch-Site", rng.choice(["same-origin", "same-site", "cross-site"])], ["Sec-Fetch-Mode", "no-cors" if fetch in ("image", "beacon") else "cors"], ["Sec-Fetch-Dest", "image" if fetch == "image" else "empty"]]
    if method != "GET":
        found.append(["Origin", "https://" + host])
    found += [["Referer", "https://" + host + rng.choice(["/", "/home", "/account", "/" + grammar.words.pick(rng, "word")])], ["Accept-Encoding", rng.choice(["gzip, deflate, br", "gzip, deflate, br, zstd"])], ["Accept-Language", rng.choice(LANGUAGES)]]
    return found


def firefox(rng, host, method, fetch):
    version = rng.randint(102, 141)
    system = rng.choice(["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10.15", "X11; Linux x86_64", "X11; Ubuntu; Linux x86_64"])
    found = [["Host", host], ["User-Agent", "Mozilla/5.0 (%s; rv:%d.0) Gecko/20100101 Firefox/%d.0" % (system, version, version)],
             ["Accept", FIREFOX_NAVIGATION if fetch == "navigate" else "*/*"], ["Accept-Language", rng.choice(LANGUAGES)], ["Accept-Encoding", "gzip, deflate, br"]]
    if method != "GET":
        found.append(["Origin", "https://" + host])
    if rng.random() < 0.3:
        found.append(["DNT", "1"])
    found += [["Connection", "keep-alive"], ["Referer", "https://" + host + "/"]]
    if fetch == "navigate":
        found += [["Upgrade-Insecure-Requests", "1"], ["Sec-Fetch-Dest", "document"], ["Sec-Fetch-Mode", "navigate"], ["Sec-Fetch-Site", "same-origin"], ["Sec-Fetch-User", "?1"]]
    else:
        found += [["Sec-Fetch-Dest", "empty"], ["Sec-Fetch-Mode", "cors"], ["Sec-Fetch-Site", "same-origin"]]
    return found


def safari(rng, host, method, fetch):
    major, minor = rng.randint(15, 18), rng.randint(0, 6)
    agent = rng.choice(["Mozilla/5.0 (iPhone; CPU iPhone OS %d_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Mobile/15E148 Safari/604.1" % (major, minor, major, minor),
                        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Safari/605.1.15" % (major, minor)])
    found = [["Host", host], ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" if fetch == "navigate" else "*/*"]]
    if method != "GET":
        found.append(["Origin", "https://" + host])
    return found + [["Accept-Encoding", "gzip, deflate, br"], ["User-Agent", agent], ["Accept-Language", rng.choice(LANGUAGES)], ["Referer", "https://" + host + "/"], ["Connection", "keep-alive"]]


def browser(fetch):
    return lambda rng, host, method: rng.choice([chrome, chrome, firefox, safari])(rng, host, method, fetch)


def program(*agents, **extra):
    """A client that is no browser: its agents are productions, extra its other headers."""
    def make(rng, host, method):
        found = [["Host", host]]
        agent = grammar.expand(rng, rng.choice(agents))
        if agent:
            found.append(["User-Agent", agent])
        for name, value in extra.items():
            found.append([name.replace("_", "-"), grammar.expand(rng, value)])
        return found
    return make


CLIENTS = {
    "nav": browser("navigate"), "xhr": browser("cors"), "img": browser("image"), "beacon": browser("beacon"),
    "ios": program("§upword§/§ver§ (iPhone; iOS 17.§digit§; Scale/3.00)", "§upword§/§int§ CFNetwork/1494.0.7 Darwin/23.4.0", Accept="application/json", Accept_Language="§locale§;q=1", Accept_Encoding="gzip, deflate, br",
                   Authorization="Bearer §jwt§", X_App_Version="§ver§", X_Device_Id="§uuid§"),
    "android": program("okhttp/4.12.0", "okhttp/4.9.3", "§upword§/§ver§ (Android 14; Pixel 8; en_US)", Accept="application/json", Accept_Encoding="gzip", Authorization="Bearer §tok§", X_Request_Id="§uuid§", Connection="Keep-Alive"),
    "python": program("python-requests/2.3§digit§.0", "python-httpx/0.27.§digit§", "aiohttp/3.9.§digit§", Accept_Encoding="gzip, deflate", Accept="*/*", Connection="keep-alive"),
    "curl": program("curl/7.8§digit§.0", "curl/8.§digit§.1", Accept="*/*"),
    "go": program("Go-http-client/1.1", "Go-http-client/2.0", "§word§-agent/§ver§", Accept_Encoding="gzip"),
    "node": program("axios/1.§digit§.2", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "node", Accept="application/json, text/plain, */*", Accept_Encoding="gzip, compress, deflate, br", Connection="keep-alive"),
    "java": program("Apache-HttpClient/4.5.1§digit§ (Java/17.0.§digit§)", "Java/11.0.1§digit§", "Apache CXF 3.5.§digit§", Accept="*/*", Connection="Keep-Alive"),
    "dotnet": program("", "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)", "§upword§Client/§ver§ (.NET 8.0)", Accept="application/json", Expect="100-continue"),
    "hook": program("§upword§-Webhooks/§ver§", "§upword§Hook/1.0 (+https://§host§/bot)", Accept="*/*", X_Event_Id="§uuid§", X_Signature="sha256=§hex64§", X_Delivery_Attempt="1"),
    "bot": program("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "§upword§Bot/§ver§ (+https://§host§/robots)", Accept="text/html,*/*;q=0.8", Accept_Encoding="gzip, deflate", From="crawler@§host§"),
    "probe": program("kube-probe/1.2§digit§", "ELB-HealthChecker/2.0", "UptimeRobot/2.0", "Prometheus/2.4§digit§.0", Accept="*/*", Connection="close"),
}


def headers(rng, client, host, method):
    return CLIENTS[client](rng, host, method)
