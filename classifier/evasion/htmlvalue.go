package evasion

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// unquote takes an attribute's value out of its quotes.
func unquote(value string) string {
	if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
		return value[1 : len(value)-1]
	}
	return value
}

// quoteHTML quotes an attribute's value in one of the ways that hold it, or
// returns "".
func quoteHTML(value string, r *rand.Rand) string {
	var choices []string
	if !strings.Contains(value, `"`) {
		choices = append(choices, `"`+value+`"`)
	}
	if !strings.Contains(value, "'") {
		choices = append(choices, "'"+value+"'")
	}
	if value != "" && !strings.ContainsAny(value, "\"'` \t\n\r\f<>=") {
		choices = append(choices, value)
	}
	if len(choices) == 0 {
		return ""
	}
	return pick(r, choices...)
}

// values returns the spans of the values of handlers and URLs.
func values(text string) [][]int {
	return append(groups(htmlHandled.FindAllStringSubmatchIndex(text, -1), 1), groups(htmlURL.FindAllStringSubmatchIndex(text, -1), 1)...)
}

// changeValue changes one handler or URL. quoted says that the value came in quotes.
func changeValue(text string, r *rand.Rand, change func(value string, quoted bool) string) string {
	spans := values(text)
	if len(spans) == 0 {
		return text
	}
	s := pick(r, spans...)
	old := text[s[0]:s[1]]
	value := unquote(old)
	if quoted := value != old; quoted {
		if strings.HasPrefix(old, `"`) {
			value = strings.ReplaceAll(change(value, true), `"`, "&quot;")
		} else {
			value = strings.ReplaceAll(change(value, true), "'", "&#39;")
		}
		return text[:s[0]] + old[:1] + value + old[:1] + text[s[1]:]
	}
	out := change(value, false)
	if strings.ContainsAny(out, " \t\n\r\f<>\"'=`") {
		out = quoteHTML(out, r)
		if out == "" {
			return text
		}
	}
	return text[:s[0]] + out + text[s[1]:]
}

func htmlQuote(text string, r *rand.Rand) string {
	spans := values(text)
	if len(spans) == 0 {
		return text
	}
	s := pick(r, spans...)
	out := quoteHTML(unquote(text[s[0]:s[1]]), r)
	if out == "" {
		return text
	}
	end := text[s[1]:]
	if out[0] != '"' && out[0] != '\'' && end != "" && end[0] != '>' && !strings.ContainsAny(end[:1], " \t\n\r\f") {
		out += " "
	}
	return text[:s[0]] + out + end
}

// htmlEntity writes parts of a handler or a URL as character references.
func htmlEntity(text string, r *rand.Rand) string {
	return changeValue(text, r, func(value string, quoted bool) string {
		if len(value) > 300 || strings.Contains(value, "&") {
			return value
		}
		p := pick(r, 0.15, 0.5, 1)
		var b strings.Builder
		for i := 0; i < len(value); i++ {
			c := value[i]
			if c >= 0x80 || !chance(r, p) {
				b.WriteByte(c)
				continue
			}
			next := byte(0)
			if i+1 < len(value) {
				next = value[i+1]
			}
			b.WriteString(htmlReference(c, next, r))
		}
		return b.String()
	})
}

var htmlNames = map[byte]string{'(': "lpar", ')': "rpar", ':': "colon", ';': "semi", '.': "period", '/': "sol", '[': "lsqb", ']': "rsqb", '=': "equals", ',': "comma",
	'+': "plus", '\t': "Tab", '\n': "NewLine", '`': "grave", '{': "lbrace", '}': "rbrace", '!': "excl", '_': "lowbar", '\'': "apos", '"': "quot"}

// htmlReference is a character reference for c (HTML section 13.5) that stays
// one before next.
func htmlReference(c, next byte, r *rand.Rand) string {
	if n := htmlNames[c]; n != "" && chance(r, 0.4) {
		return "&" + n + ";"
	}
	zeros := strings.Repeat("0", pick(r, 0, 0, 0, 2, 5))
	if chance(r, 0.5) {
		end := ";"
		if !digit(next) && next != ';' && next != '&' && next != 0 && chance(r, 0.3) {
			end = ""
		}
		return "&#" + zeros + strconv.Itoa(int(c)) + end
	}
	hex := strconv.FormatInt(int64(c), 16)
	if chance(r, 0.5) {
		hex = strings.ToUpper(hex)
	}
	return "&#" + pick(r, "x", "X") + zeros + hex + ";"
}

// jsURL writes the scheme javascript: in ways that URL parsers take (URL
// Standard section 4.4: tabs and line breaks are dropped, leading controls too).
func jsURL(text string, r *rand.Rand) string {
	return changeValue(text, r, func(value string, quoted bool) string {
		if len(value) < 11 || !strings.EqualFold(value[:11], "javascript:") {
			return value
		}
		scheme, code := value[:10], value[11:]
		switch r.IntN(6) {
		case 0:
			i := within(scheme, r)
			scheme = scheme[:i] + pick(r, "&Tab;", "&NewLine;", "&#9;", "&#10;", "&#x0D;", "\t", "\n") + scheme[i:]
		case 1:
			scheme = pick(r, " ", "&#1;", "&#14;", "\x01", "&#x20;", "&#31;") + scheme
		case 2:
			code = pick(r, "//"+name(r)+"&#10;", "/*"+prose(r, 2)+"*/", "//%0a", "void(0);", "'"+name(r)+"';") + code
			if strings.HasPrefix(code, "'") && quoted {
				code = code[strings.IndexByte(code, ';')+1:]
			}
		case 3:
			return scheme + pick(r, "&colon;", "&#58;", "&#x3a;", "&#0058") + code
		case 4:
			scheme = mixCase(scheme, r)
		default:
			// The code of a javascript: URL is percent-decoded (HTML section 7.4.2.3.2).
			c := Coding{Kind: Percent, Share: Some, Seed: r.Uint64()}
			code = string(c.apply(nil, code, nil, nil))
		}
		return scheme + ":" + code
	})
}
