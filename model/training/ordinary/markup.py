"""HTML that people write, paste and store: tutorials, rich editors, mail, captures; and CSS, Markdown."""

import base64

from .words import b64, fill, letters, lines, phrase, pick, prose, raw, sentence, ALNUM

TUTORIAL = (
    "How do I make text bold: <b> or <strong>?", "Why does <br> need no closing tag but <p> does?", "The <div> inside <span> isn't valid HTML, says the validator.", "Use &lt;§tag&gt; for the §w, not <§tag>.", "I put <a href=\"§url\">§w</a> in the post and it shows as text.", "What's the `alt` in <img src=\"§w.png\" alt=\"§w\"> for?", "The <script> tag goes before </body>, my teacher says. Or use defer?", "In §W, `onClick={handle§W}` is camel case; in HTML it's onclick.",
    "Is an <iframe> §adj for the §w? We'd embed a map.", "<!DOCTYPE html> must be the first line, and <html lang=\"en\"> the second.", "My §w shows <§tag class=\"§w\"> instead of the §w :(", "a < b and b > c, so a <> c?", "The button <button type=\"submit\" class=\"btn btn-§w\">§W</button> does nothing on §w.", "Close the tag: <§tag>…</§tag>, not <§tag/>.", "Should I style with style=\"color:§color\" or a class?", "<input type=\"§w\" name=\"§w\" value=\"§n\"> -- why is the value gone after submit?",
    "Lesson §d: an event such as load, click or error runs a function; alert shows a box.", "The form's action=\"/§w\" method=\"post\" and <select name=\"§w\"><option value=\"§n\">§w</option></select>.", "<table> for layout? In §dd years nobody did that.", "HTML entity for ' is &#39; or &apos;, for \" it's &quot;, for < &lt;", "<3 §first", "I <3 §w & §w", "<§mail>", "§full <§mail>", "<§w §n>", "if x<§n and y>§n then …", "<no §w>", "<§n>", "<<§W>>", "<§W: §w>", "<_io.TextIOWrapper name='§file' mode='r'>", "<§id object at 0x7f§hex>",
)
TAGS = "div span p b i u em strong h1 h2 h3 ul li table section article footer nav main code pre blockquote".split()
STYLES = ("color:§rgb", "color: §color", "font-size:§ddpx", "text-align:center", "margin:0 auto §ddpx", "font-family:'Helvetica Neue',Arial,sans-serif", "font-family:&quot;Segoe UI&quot;, Tahoma", "background:url('§url') no-repeat", "background-color: rgb(§dd, §dd, §dd)", "width:§dd%", "line-height:1.§d", "border:1px solid §rgb", "text-decoration:underline",
          "mso-line-height-rule:exactly", "transform:translate(-50%,-50%) rotate(§dd¦deg)", "display:none", "font-weight:700", "width:calc(100% - §ddpx)", "--§w-color:var(--§w)", "white-space:pre-wrap", "letter-spacing:.§dem")
BLOCKS = (
    "<p§st>§s</p>", "<p>§s <strong>§w</strong> §s</p>", "<p><a href=\"§url\" target=\"_blank\" rel=\"noopener noreferrer\">§W §w</a></p>", "<h2§st>§W §w</h2>", "<ul><li>§s</li><li>§ph</li><li>§w</li></ul>", "<ol class=\"§w\"><li data-list=\"ordered\">§s</li></ol>", "<img src=\"https://§host/§w§n.jpg\" alt=\"§ph\" width=\"§n\" height=\"§n\">", "<figure class=\"image\"><img src=\"§url\"><figcaption>§s</figcaption></figure>",
    "<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" width=\"100%\"><tbody><tr><td§st>§w</td><td align=\"right\">§price</td></tr><tr><td>§W</td><td>§n</td></tr></tbody></table>", "<iframe width=\"560\" height=\"315\" src=\"https://www.youtube.com/embed/§tok\" title=\"§ph\" frameborder=\"0\" allow=\"autoplay; encrypted-media; picture-in-picture\" allowfullscreen></iframe>",
    "<iframe src=\"https://player.vimeo.com/video/§nn\" width=\"640\" height=\"360\" frameborder=\"0\"></iframe>", "<blockquote>§s</blockquote>", "<pre><code class=\"language-§ext\">§id = §id(§n);</code></pre>", "<span§st>§s</span>", "<div class=\"§w §w-§w\" id=\"§w-§n\"§st>§s</div>", "<font color=\"§rgb\" size=\"§d\" face=\"Verdana\">§s</font>", "<hr><!-- §w §n -->", "<br>", "<div><br></div>", "&nbsp;", "<p class=\"MsoNormal\"><span lang=\"EN-US\"§st>§s<o:p></o:p></span></p>",
    "<details><summary>§ph</summary>§s</details>", "<figure class=\"media\"><oembed url=\"https://www.youtube.com/watch?v=§tok\"></oembed></figure>", "<!-- wp:paragraph {\"align\":\"center\"} --><p>§s</p><!-- /wp:paragraph -->", "<!-- wp:image {\"id\":§n,\"sizeSlug\":\"large\"} --><figure class=\"wp-block-image\"><img src=\"§url\" alt=\"\"/></figure><!-- /wp:image -->", "[caption id=\"attachment_§n\" align=\"alignleft\"]<img src=\"§url\" /> §ph[/caption]",
    "<video controls poster=\"§url\"><source src=\"https://§host/§w.mp4\" type=\"video/mp4\"></video>", "<p>§s<sup>§d</sup> &mdash; <em>§first&rsquo;s</em> &quot;§w&quot; &amp; §w</p>", "<svg width=\"24\" height=\"24\" viewBox=\"0 0 24 24\"><path d=\"M§dd §ddL§d§d §dd\" fill=\"§rgb\"/></svg>", "<a class=\"button\" href=\"mailto:§mail?subject=§w\"§st>§W</a>", "<label for=\"§w\">§W</label><input type=\"text\" id=\"§w\" placeholder=\"§ph\">",
)
MAIL = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"><style>{style}</style></head><body bgcolor=\"#ffffff\"{st}>{body}<p>-- <br>{name}</p></body></html>"
PAGE = "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n{head}</head>\n<body>\n{body}\n</body>\n</html>\n"
RULES = (
    ".§w{color:§rgb;background:url(https://§host/§w.png) no-repeat}", "#§w > .§w:nth-child(§dn+1)::before{content:\"\\201C\";position:absolute}", "@media (min-width:§npx) and (max-width:§npx){.§w{display:none}}", "a[href^=\"http\"]:not([target=\"_blank\"])::after{content:\" ↗\"}", "@import url('https://fonts.googleapis.com/css2?family=§W:wght@400;700&display=swap');", "@font-face{font-family:'§W';src:url('../fonts/§w.woff2') format('woff2')}",
    ".§w:hover,.§w:focus{transform:scale(1.§d) rotate(-§dd¦deg);transition:all .§ds cubic-bezier(.§d,0,.§d,1)}", "@keyframes §w{from{opacity:0}to{opacity:1}}", ":root{--§w:§rgb;--§w:calc(100vh - §ddpx)}", "body{margin:0;font:§ddpx/1.§d \"Segoe UI\",Roboto,sans-serif}", ".§w{grid-template:\"§w §w\" auto / 1fr §dfr}", "html{-webkit-text-size-adjust:100%;filter:none\\9}", "/* §s */", "@supports (display:grid){.§w{gap:§dpx}}", "input[type='checkbox']:checked + label > svg{fill:currentColor}",
    ".§w{background-image:url(\"data:image/svg+xml;charset=utf8,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 §dd §dd'%3E%3Cpath d='M0 §dh§dd'/%3E%3C/svg%3E\")}", "$§w: §rgb; .§w { @include §w($§w); &:hover { color: darken($§w, §dd%); } }",
)
SELECTORS = ("div.§w > a:nth-child(§d)", "#§w .§w-§w", "//*[@id=\"§w\"]/div[§d]/a", "body > main > section:nth-of-type(§d) > p", "[data-toggle-§w] > LI", "div#§w_§d_content.col-lg-§d.col-sm-§d..col-sm-§d.§w.§w", "html>body>div[§d]>ul>li[§d]", "a[href*='/§w/']", "/html/body/div[§d]/form/input[@name='§w']", "BUTTON.§w.§w--§w|DIV#§w|BODY", "calc(100% - §ddpx)", "rgba(§dd,§dd,§dd,.§d)", "(min-width: §npx) 50vw, 100vw", "translate3d(0px, -§npx, 0px)",
             "url(\"§url\")", "linear-gradient(to right, §rgb 0%, transparent §dd%)", "drop-shadow(0 §dpx §dpx #000)", "M§dd,§dd L§dd,§dd Z", "§d§dem auto §ddpx 0 !important")
HEADS = ("<link rel=\"stylesheet\" href=\"/§w.css?v=§n\">", "<script src=\"https://§host/§w.min.js\" defer></script>", "<script src=\"https://www.§host/tag/js?id=§AZ-§nn\" async></script>", "<meta name=\"description\" content=\"§s\">", "<meta property=\"og:image\" content=\"§url\">", "<style>.§w{color:§rgb}</style>", "<link rel=\"icon\" href=\"/favicon.ico\">", "<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":\"§W\",\"name\":\"§W\"}</script>", "<script>window.§id=window.§id||[];§id.push({'§w':'§w'});</script>")


def _style(rng):
    return "" if rng.random() < 0.35 else " style=" + rng.choice(("\"{}\"", "\"{};\"")).format(rng.choice((";", "; ")).join(lines(rng, STYLES, 1, 4)).replace("\"", "'"))


_EXTRA = {"st": _style, "tag": lambda rng: rng.choice(TAGS)}


def html(rng):
    """Tutorial questions, rich text, HTML mail, whole pages."""
    draw = rng.random()
    if draw < 0.3:
        return " ".join(pick(rng, TUTORIAL, **_EXTRA) for _ in range(rng.choice((1, 1, 2))))
    if draw < 0.72:
        blocks = lines(rng, BLOCKS, 1, rng.choice((3, 6, 14)), **_EXTRA)
        return rng.choice(("", "\n", "\r\n", "\n\n")).join(blocks)
    if draw < 0.82:
        return MAIL.format(style=css(rng, 3), st=_style(rng), body="".join(lines(rng, BLOCKS, 2, 6, **_EXTRA)), name=fill(rng, "§full"))
    if draw < 0.92:
        return page(rng)
    tag = rng.choice(TAGS)  # as a styled capture or an editor's fragment has it
    return f"<{tag}{_style(rng)}>{sentence(rng)}</{tag}>" + rng.choice(("", phrase(rng), "<br/>" + sentence(rng)))


def page(rng):
    """A whole page, as a content management system saves it."""
    return PAGE.format(lang=rng.choice("en de fr pl es".split()), title=fill(rng, "§W §w | §Brand"), head="".join(line + "\n" for line in lines(rng, HEADS, 0, 4)), body="\n".join(lines(rng, BLOCKS, 2, 9, **_EXTRA)))


def css(rng, most=8):
    """Rules, selectors, lengths, colours."""
    if most == 8 and rng.random() < 0.4:
        return rng.choice((" ", ", ", "; ", " | ")).join(lines(rng, SELECTORS, 1, 3))
    return rng.choice(("", "\n", " ")).join(lines(rng, RULES, 1, most))


MARKDOWN = (
    "# §W §w", "## §W", "- §s", "* [ ] §s", "* [x] §s", "§d. §s", "> §s", "**§w** and *§w*, ~~§w~~", "`§id` §s `§id(§n)`", "[§w](§url)", "![§ph](§url \"§w\")", "§s\n§s", "| §w | §w |\n|---|:-:|\n| §n | §w |\n| `§id` | §price |", "```§ext\n§id = §id[§n]\nreturn §id(§id)\n```", "---", "***", "<details>\n<summary>§w</summary>\n\n§s\n</details>", "[^§d]: §s", "@§brand/§w please §v #§n", "Fixes #§n, closes GH-§n",
    "<!-- §s -->", "[§w]: <§url> '§w'", "§s<br>§s", "$$\n§x = \\frac{§n}{§x}\n$$", ":tada: §s :rocket:", "### Steps to reproduce\n\n1. §s\n2. §s\n\n**Expected:** §s", "- a\n    - b\n        - §w", "\\* §w \\_§w\\_", "+ §w -- §w -> §w", "§W | §w\n--- | ---\n§n | §n", "{{< figure src=\"/§w.png\" title=\"§ph\" >}}", ":::note\n§s\n:::", "==§w== H~2~O x^2^", "***§w!***",
)


def markdown(rng):
    """Notes, issues and comments in Markdown."""
    return rng.choice(("\n\n", "\n", "\n\n", "\r\n")).join(lines(rng, MARKDOWN, 1, rng.choice((2, 5, 10))))


IMAGE_HEADS = (("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ("image/gif", b"GIF89a\x01\0\x01\0"), ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"), ("image/webp", b"RIFF\x24\0\0\0WEBPVP8 "), ("font/woff2", b"wOF2\0\x01\0\0"), ("application/pdf", b"%PDF-1.7\n"), ("image/x-icon", b"\0\0\x01\0\x01\0"), ("audio/mpeg", b"ID3\x03\0"), ("application/octet-stream", b""))


def image(rng):
    """data: URLs and base64 of files."""
    draw = rng.random()
    kind, head = rng.choice(IMAGE_HEADS)
    content = base64.b64encode(head + raw(rng, 20, rng.choice((60, 200, 900, 3000)))).decode()
    if draw < 0.5:
        return f"data:{kind};base64,{content}"
    if draw < 0.65:
        return content
    if draw < 0.75:
        return fill(rng, f"<img alt=\"§w\" src=\"data:{kind};base64,{content}\">")
    if draw < 0.85:
        return fill(rng, "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='§n' height='§n' viewBox='0 0 §n §n'%3E%3Crect width='§n' height='§n' fill='%23§hex'/%3E%3C/svg%3E")
    if draw < 0.92:
        return "data:image/svg+xml;base64," + base64.b64encode(fill(rng, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 §dd §dd\"><circle cx=\"§d\" cy=\"§d\" r=\"§d\" fill=\"§rgb\"/><text>§w</text></svg>").encode()).decode()
    if draw < 0.96:
        return fill(rng, f"url(data:{kind};base64,{content})")
    return "data:text/" + rng.choice(("plain,", "csv;charset=utf-8,", "plain;charset=utf-8;base64,")) + (b64(rng) if rng.random() < 0.3 else sentence(rng).replace(" ", "%20"))
