"""Word banks and the slots of templates.

A template is text with slots: "§" and a name (the longest that is known), then a
digit when the same value is wanted again, then "¦" where a name could go on.
"§id1 = §id1 + §n" draws one identifier and one number. Everything else stands
for itself, so that templates can hold braces, quotes and percent signs.
"""

import base64
import re
import string
import uuid

FIRST = ("Sean Anne Mary Conor Siobhán Jean-Luc Renée José Łukasz Özgür Nguyễn Grace Pat Zoë Olga Ivan Priya Wei Yuki Fatima Omar Lars Ingrid Björn Chloé Matteo Giulia Sven Katarzyna "
         "Tomáš Zsófia Andrei Ioana Dimitris Eleni Ahmed Leila Kwame Amara Thabo Aisha João Inês Diego Valentina Hiroshi Mei Arjun Noah Emma Liam Olivia Jack Ruby Oscar Bobby").split()
LAST = ("O'Brien O'Neil D'Angelo O'Connor D’Souza N'Diaye M'Bappé Smith-Jones García Müller O'Reilly L'Estrange Nowak Svensson Dell'Acqua Dall'Oglio D'Amico O'Shea O'Dowd De'Ath Van't Hoff "
        "t'Kint Ångström Nakamura Okafor Khan Patel Rossi Horváth Novák Papadopoulos Yılmaz Andersson Silva Fernández Dubois Lefèvre Weiß Schröder Johnson Brown Null Drop Select Union Tables Script").split()
NOUNS = ("table order group union script image profile report index list cart option user admin test news video search shop event login form field record account product category review comment "
         "image page link button menu ticket invoice payment delivery address coupon garden coffee recipe phone camera window door river mountain school teacher student lesson exam project "
         "meeting budget contract insurance doctor hospital engine battery wheel guitar piano concert festival museum hotel flight train station bridge market bread cheese tomato salad "
         "jacket dress shoe wallet mirror lamp sofa carpet curtain bucket hammer shell cat echo process system command join view key value column row schema trigger procedure function "
         "alert cookie session token header footer banner document file folder archive backup host server port queue cache node cluster").split()
ADJECTIVES = ("new old red blue small large cheap free open closed empty full quick slow broken quiet strange local global public private daily weekly hidden missing double single hard soft "
              "first last next wrong right best worst heavy light cold warm modern classic nested united").split()
VERBS = ("select drop insert update delete create order group join kill sleep cut sort find print load send read write open close move copy paste check change replace remove add merge split "
         "start stop restart install build deploy test rename share export import cancel confirm book visit cook paint clean fix return order like follow").split()
PAST = ("selected dropped inserted updated deleted created ordered grouped joined moved copied checked changed replaced removed added merged split started stopped installed built tested renamed "
        "shared exported imported cancelled confirmed booked visited cooked painted cleaned fixed returned liked").split()
PLACES = "Dublin Paris Berlin London Lisbon Madrid Rome Vienna Prague Warsaw Oslo Helsinki Athens Istanbul Cairo Lagos Nairobi Mumbai Tokyo Seoul Sydney Auckland Toronto Boston Chicago Austin Lima Bogotá".split()
BRANDS = "acme globex initech umbra contoso fabrikam northwind lumen vireo tessel quanta nimbus orchard pelican juniper maple harbor summit canyon meadow cobalt amber".split()
TLDS = "com com com org net io de fr co.uk ie nl dev app eu it es pl jp com.br".split()
SUBS = "www www www cdn api static img blog shop docs mail track pixel sync assets media events m app login sso".split()
TABLES = "users orders customers products invoices employees departments payments sessions events logs articles comments categories tickets accounts items students courses flights bookings".split()
COLUMNS = "id name email title price status created_at updated_at user_id order_id amount quantity country city first_name last_name age type category total date description phone active role".split()
FUNCTIONS = "load save init render update fetch parse format handle process create remove validate compute send read write open close build apply merge reset submit toggle track".split()
FILES = "index main app utils config server client test model view router styles helpers types schema setup vendor bundle README notes report summary invoice".split()
EXTENSIONS = "js ts py go rs java php rb css html json yml md txt csv xml svg png jpg pdf docx sql sh".split()
ERRORS = "TypeError ReferenceError SyntaxError RangeError ValueError KeyError IndexError RuntimeError IOException NullPointerException IllegalStateException NetworkError TimeoutError AbortError QuotaExceededError".split()
PROGRAMS = "git docker npm curl make grep sed awk tar ssh rsync systemctl kubectl terraform ansible pip cargo go node python3 ffmpeg jq find xargs psql mysql".split()
COLORS = "red blue green gray black white orange teal navy silver maroon olive".split()
MACRO_NAMES = ("lpurl adgroup adgroupid campaign campaignid clickid gclid cachebuster timestamp gdpr gdpr_consent us_privacy price auction_price keyword creative network device placement matchtype first_name "
               "last_name email order_id unsubscribe_url site_id pub_id bundle app_name ifa ip ua random uuid width height referrer site_source_name ad_id").split()
WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
LOWER, DIGITS, ALNUM, HEX = string.ascii_lowercase, string.digits, string.ascii_letters + string.digits, "0123456789abcdef"
B64 = ALNUM + "-_"


def letters(rng, alphabet, low, high=None):
    """A run of random characters of a length from low to high."""
    return "".join(rng.choices(alphabet, k=rng.randint(low, high or low)))


def identifier(rng):
    """A name as programs have them, in one of the usual casings."""
    parts = [rng.choice(FUNCTIONS)] if rng.random() < 0.4 else []
    parts += [rng.choice(NOUNS) for _ in range(rng.choice((1, 1, 2)))]
    draw = rng.random()
    if draw < 0.45:
        return parts[0] + "".join(part.title() for part in parts[1:])
    if draw < 0.8:
        return "_".join(parts)
    if draw < 0.9:
        return parts[-1][0]
    return parts[0] + str(rng.randrange(100))


def number(rng):
    """A whole number of one to seven digits, small ones more often."""
    return str(rng.randrange(10 ** rng.choice((1, 1, 2, 2, 3, 4, 5, 7))))


def host(rng):
    return f"{rng.choice(SUBS)}.{rng.choice(BRANDS)}{rng.choice(('', '', '-' + rng.choice(NOUNS)))}.{rng.choice(TLDS)}"


def path(rng):
    return "/" + "/".join(rng.choice(NOUNS) if rng.random() < 0.75 else number(rng) for _ in range(rng.randint(1, 4)))


def url(rng):
    text = f"{'https' if rng.random() < 0.88 else 'http'}://{host(rng)}{path(rng)}"
    if rng.random() < 0.4:
        text += "?" + "&".join(f"{rng.choice(NOUNS)}={rng.choice((number(rng), rng.choice(NOUNS), 'true'))}" for _ in range(rng.randint(1, 4)))
    if rng.random() < 0.08:
        text += "#" + rng.choice(NOUNS)
    return text


def uuid4(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def raw(rng, low, high):
    return rng.getrandbits(8 * high).to_bytes(high, "big")[:rng.randint(low, high)]


def b64(rng, low=12, high=60):
    return base64.b64encode(raw(rng, low, high)).decode()


def date(rng):
    year, month, day = rng.randint(1998, 2026), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice((f"{year}-{month:02}-{day:02}", f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}", f"{day}.{month}.{year}", f"{MONTHS[month - 1]} {day}, {year}", f"{month}/{day}/{year % 100:02}"))


def clock(rng):
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}" + (f":{rng.randrange(60):02}" if rng.random() < 0.5 else "")


def stamp(rng):
    return f"20{rng.randint(18, 26)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000):03}Z"


def price(rng):
    amount = f"{rng.randrange(1, 2000)}.{rng.choice(('99', '00', '50', '95', str(rng.randrange(10, 99))))}"
    return rng.choice((f"${amount}", f"€{amount}", f"£{amount}", f"{amount} €", f"{amount.replace('.', ',')} €", f"USD {amount}", f"{amount} PLN", f"¥{rng.randrange(100, 90000)}", f"₹{rng.randrange(100, 90000)}"))


def address_v4(rng):
    return rng.choice((f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}", f"192.168.{rng.randrange(256)}.{rng.randrange(1, 255)}", f"203.0.113.{rng.randrange(1, 255)}", f"198.51.100.{rng.randrange(1, 255)}"))


def version(rng):
    return f"{rng.randrange(30)}.{rng.randrange(20)}.{rng.randrange(40)}"


def agent(rng):
    """A User-Agent, made up of the usual pieces."""
    system = rng.choice(("Windows NT 10.0; Win64; x64", "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7", f"Linux; Android {rng.randint(9, 15)}; SM-{letters(rng, string.ascii_uppercase, 1)}{rng.randrange(100, 999)}B", f"iPhone; CPU iPhone OS {rng.randint(13, 18)}_{rng.randrange(7)} like Mac OS X"))
    if rng.random() < 0.3:
        major = rng.randint(90, 140)
        return f"Mozilla/5.0 ({system}; rv:{major}.0) Gecko/20100101 Firefox/{major}.0"
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{rng.randint(90, 140)}.0.{rng.randrange(7000)}.{rng.randrange(200)} Safari/537.36"


SLOTS = {
    "w": lambda rng: rng.choice(NOUNS), "W": lambda rng: rng.choice(NOUNS).title(), "wU": lambda rng: rng.choice(NOUNS).upper(),
    "adj": lambda rng: rng.choice(ADJECTIVES), "v": lambda rng: rng.choice(VERBS), "vd": lambda rng: rng.choice(PAST),
    "n": number, "d": lambda rng: str(rng.randrange(1, 10)), "dd": lambda rng: str(rng.randrange(10, 100)), "nn": lambda rng: str(rng.randrange(10 ** 5, 10 ** 10)), "ms": lambda rng: str(rng.randrange(1500000000000, 1790000000000)),
    "f": lambda rng: f"{rng.randrange(100)}.{rng.randrange(1000)}", "id": identifier, "Id": lambda rng: "".join(part.title() for part in re.split("_", identifier(rng))) or "A",
    "ID": lambda rng: rng.choice(NOUNS).upper() + "_" + rng.choice(NOUNS).upper(), "fn": lambda rng: rng.choice(FUNCTIONS) + rng.choice(("", rng.choice(NOUNS).title())),
    "first": lambda rng: rng.choice(FIRST), "last": lambda rng: rng.choice(LAST), "full": lambda rng: f"{rng.choice(FIRST)} {rng.choice(LAST)}", "city": lambda rng: rng.choice(PLACES), "brand": lambda rng: rng.choice(BRANDS), "Brand": lambda rng: rng.choice(BRANDS).title(),
    "host": host, "path": path, "url": url, "mail": lambda rng: f"{rng.choice(NOUNS)}.{rng.choice(BRANDS)}@{rng.choice(BRANDS)}.{rng.choice(TLDS)}", "date": date, "time": clock, "iso": stamp,
    "hex": lambda rng: letters(rng, HEX, 6, 40), "sha": lambda rng: letters(rng, HEX, 40), "uuid": uuid4, "b": b64, "bb": lambda rng: b64(rng, 40, 300), "tok": lambda rng: letters(rng, B64, 10, 40), "ver": version, "price": price, "ip": address_v4,
    "file": lambda rng: f"{rng.choice(FILES)}.{rng.choice(EXTENSIONS)}", "base": lambda rng: rng.choice(FILES), "ext": lambda rng: rng.choice(EXTENSIONS), "color": lambda rng: rng.choice(COLORS), "rgb": lambda rng: "#" + letters(rng, HEX, 6),
    "t": lambda rng: rng.choice(TABLES), "c": lambda rng: rng.choice(COLUMNS), "err": lambda rng: rng.choice(ERRORS), "prog": lambda rng: rng.choice(PROGRAMS), "macro": lambda rng: rng.choice(MACRO_NAMES), "agent": agent,
    "Y": lambda rng: str(rng.randint(1999, 2026)), "DD": lambda rng: f"{rng.randint(1, 28):02}", "day": lambda rng: rng.choice(WEEKDAYS), "mon": lambda rng: rng.choice(MONTHS), "x": lambda rng: rng.choice("xyzabnkmt"), "u": lambda rng: letters(rng, LOWER, 2, 7), "az": lambda rng: rng.choice(LOWER), "AZ": lambda rng: rng.choice(string.ascii_uppercase),
    "s": lambda rng: sentence(rng), "ph": lambda rng: phrase(rng), "q": lambda rng: phrase(rng),
}
_PATTERNS = {}


def _pattern(extra):
    """Finds slots by the longest name that is known."""
    names = frozenset(extra)
    if names not in _PATTERNS:
        known = sorted(set(SLOTS) | names, key=lambda name: (-len(name), name))
        _PATTERNS[names] = re.compile("§(" + "|".join(known) + r")(\d?)¦?")
    return _PATTERNS[names]


def fill(rng, template, **extra):
    """The template with every slot drawn; extra adds slots, as functions of rng or plain text."""
    memory = {}

    def draw(match):
        name, mark = match.groups()
        source = extra.get(name) or SLOTS[name]
        if not mark:
            return source(rng) if callable(source) else source
        if name + mark not in memory:
            memory[name + mark] = source(rng) if callable(source) else source
        return memory[name + mark]

    return _pattern(extra).sub(draw, template)


def pick(rng, templates, **extra):
    """One of the templates, filled."""
    return fill(rng, rng.choice(templates), **extra)


def lines(rng, templates, low, high, **extra):
    """From low to high of the templates, each at most once while they last, filled, as a list."""
    count = rng.randint(low, high)
    drawn = rng.sample(templates, min(count, len(templates)))
    drawn += [rng.choice(templates) for _ in range(count - len(drawn))]
    return [fill(rng, template, **extra) for template in drawn]


SENTENCES = (
    "Please §v the §adj §w and the §w before §date.", "We §vd the §w in §city, and it was §adj.", "The §w is §adj but the §w isn't.", "I'd like §d §ws or a §adj §w, whichever is cheaper." ,
    "Can't find the §w that §first §vd; where is it?", "It's §first's turn to §v the §w.", "Why does the §w §v itself every §dd minutes?", "§first said \"it's §adj\" and §vd the §w anyway.",
    "Select the §adj §w from the list where it says §w, then order by §w.", "Drop the §w at the §w desk; the union rep will group them.", "If you like the §w, insert it into slot §d and press update.",
    "Having §vd §n §w orders, we're out of stock in §city.", "Don't delete from the §w list: it's §last's, not ours.", "Does anybody know a §adj §w near §city? Thanks!", "Our §w costs §price (was §price), incl. §dd% VAT.",
    "Meeting at §time: §w, §w & §w; bring your §w.", "There's a §adj §w between the §w and the §w -- please fix.", "He's §vd it, hasn't he? She'd have §vd it too.", "Not §adj, not §adj, just \"§adj\".", "Everything's §adj; nothing's §vd.",
    "You can §v either the §w or the §w, and/or both.", "From §date to §date all §w tickets are half price.", "The cat sat on the §w, then it went to sleep (§dd minutes).", "Create a §w, grant it to §first, and let §first execute the plan.",
    "My §w won't §v: it says 'error §n' and then nothing happens...", "What's the difference between a §w and a §w?", "5'§d\" tall, §dd kg, size §dd", "The union select committee will meet on §date in §city.", "Values like §n, §n or §f are §adj.",
    "\"§W\" -- or was it '§W'? -- is by §full.", "They'll update the §w; we won't.", "§first & §first's §w: a §adj, §adj §w!", "No §w, no §w; all §w cases end when the §w is null and void.", "Is §n = §n? I don't think so; §n > §d is true, though.",
)
SUBJECTS = ("I", "We", "You", "They", "§first", "§first and §first", "The §w", "The §adj §w", "My §w", "Our §w in §city", "Somebody", "Nobody", "Each §w", "All of us", "The other §w", "§Brand", "The §w of §first §last", "His §w", "Mrs §last", "This", "That one", "Every second §w", "The union", "Our group")
PREDICATES = ("will §v the §w", "§vd the §w", "has §vd §d §w parts", "can't §v the §w", "didn't §v it", "would like to §v the §adj §w", "never §vd anything", "is §adj", "isn't §adj any more", "was §vd by §first", "wants to §v or §v it", "should be §vd", "won't §v", "had to §v the §w and the §w", "looks §adj to me", "comes from §city", "costs §price", "needs a §adj §w", "must not §v the §w", "moved to §city", "works like a §w", "broke the §w", "gave me a §w", "left at §time", "is on the §w list", "gets null points", "has an order for a §w", "selects the §w", "sets the §w")
TAILS = ("", "", "", " where it's §adj", " because the §w is §adj", " from §date on", " before §time", " like last year", ", and so do I", " and then some", " or not at all", " (see §w §n)", " as the §w says", " in §city", ", having §vd the §w", " with §first's §w", " -- really", "; that's it", ", not the §w", " as of §date", " when the §w is null", " between §time and §time", " for §price", " without a §w", ", isn't it", " until the §w is §adj", " instead of the §w", " on §day", " again and again", ", I think", " if that's OK", " unless §first says no")
OPENINGS = ("", "", "", "", "", "Today ", "Well, ", "In §city, ", "Since §date, ", "If so, ", "Sadly, ", "By the way, ", "However, ", "On §day ", "For example, ", "At last ", "First of all, ", "OK, ", "Then again, ")
ENDS = (".", ".", ".", ".", "!", "?", "...", " :)", "")
QUESTIONS = ("Who §vd the §w", "Where can I §v a §adj §w", "How do I §v the §w", "What's the §adj §w for", "When will you §v our §w", "Why isn't the §w §adj", "Which §w do you like", "Is there a §w or a §w in §city", "Do you have the §w in §color", "Could you §v it by §day", "Has anybody §vd the §w", "How much is the §adj §w", "May I §v the §w from §city", "Shall we §v on §date", "Whose §w is this", "Does the §w come with a §w")


def _clause(rng):
    """A sentence put together from a subject, what it does, and the circumstances."""
    draw = rng.random()
    if draw < 0.22:
        return rng.choice(QUESTIONS) + rng.choice(TAILS) + rng.choice(("?", "?", "?", "??", ""))
    text = rng.choice(OPENINGS) + rng.choice(SUBJECTS) + " " + rng.choice(PREDICATES) + rng.choice(TAILS)
    if draw > 0.75:
        text += rng.choice((", but ", " and ", "; ", ", so ", " or ", ", while ", " -- ")) + rng.choice(SUBJECTS[6:]).lower().replace("§brand", "§Brand").replace("§first §last", "§full") + " " + rng.choice(PREDICATES)
    return text + rng.choice(ENDS)


SMALL = "and or in on the of for with from by to a is not like where select order union group having drop table insert into update set delete create all case when then else end exec join left limit as null true between values cast char sleep count".split()
SEARCHED = "books shoes red blue women men kids best new cheap hotel pizza recipe how make guide city park music jobs price small large winter dress phone case used car cat dog food cake near me reviews tickets online world history garden coffee".split()
APOSTROPHE = ("o'reilly o'brien d'angelo o'neil l'oreal levi's mcdonald's women's men's kid's don't what's it's can't rock'n'roll 'n' '90s l'amour d'or qu'est-ce macy's lowe's valentine's i'm you're mother's "
              "cote d'azur hershey's wendy's domino's sotheby's children's dell'arte c'est ma'am o'clock ain't y'all 80's").split()


def sentence(rng):
    """One English sentence, about anything."""
    return fill(rng, _clause(rng)) if rng.random() < 0.75 else pick(rng, SENTENCES)


def phrase(rng):
    """What people type into a search box: short, with words that SQL and shells also know."""
    out = [rng.choice(rng.choice((SEARCHED, NOUNS, SMALL, ADJECTIVES, APOSTROPHE))) for _ in range(rng.randint(1, 6))]
    if rng.random() < 0.15:
        out.insert(rng.randrange(len(out) + 1), str(rng.randrange(1, 3000)))
    text = " ".join(out)
    return text if rng.random() < 0.75 else text.title() if rng.random() < 0.7 else text.upper()


def prose(rng, low=1, high=5):
    """From low to high sentences."""
    return " ".join(sentence(rng) for _ in range(rng.randint(low, high)))
