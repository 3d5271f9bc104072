package evasion

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// rewritable says whether an expression may stand in the place of literal i.
func rewritable(tokens []sqlToken, i int) bool {
	switch w := wordBefore(tokens, i); {
	case w.is("by", "limit", "offset", "top", "delay", "time", "as", "interval", "waitfor", "exec", "xp_cmdshell", "date"):
		return false
	}
	if j := beside(tokens, i, -1); j >= 0 && (tokens[j].kind == sqlPrefix || tokens[j].text == "." || tokens[j].text == ":" || tokens[j].kind == sqlString || tokens[j].kind == sqlWord && len(tokens[j].text) == 1) {
		return false
	}
	j := beside(tokens, i, 1)
	return j < 0 || tokens[j].text != "." && tokens[j].kind != sqlString && tokens[j].kind != sqlTail
}

func sqlIntegers(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	return each(tokens, r, 0.4, func(i int) bool {
		_, err := strconv.Atoi(tokens[i].text)
		return tokens[i].kind == sqlNumber && err == nil && len(tokens[i].text) < 9 && i > 0 && rewritable(tokens, i)
	}, func(i int) string {
		n, _ := strconv.Atoi(tokens[i].text)
		k := 1 + r.IntN(50)
		choices := []string{
			"(" + strconv.Itoa(n+k) + "-" + strconv.Itoa(k) + ")", "(" + strconv.Itoa(k) + "+" + strconv.Itoa(n-k) + ")",
			"(" + strconv.Itoa(n) + "*1)", "(" + strconv.Itoa(2*n) + "/2)", "(select " + strconv.Itoa(n) + ")", "abs(" + strconv.Itoa(-n) + ")",
		}
		if d == oracle || d == ansi {
			choices = choices[:4]
		}
		if n < k {
			choices[1] = choices[0]
		}
		if d == mysql {
			// A hexadecimal literal is a string, but a number where one is needed.
			choices = append(choices, "(0x"+strconv.FormatInt(int64(n), 16)+"+0)", strconv.Itoa(n)+"e0", strconv.Itoa(n)+".0", "(~~"+strconv.Itoa(n)+")",
				"round("+strconv.Itoa(n)+".1)", "(0b"+strconv.FormatInt(int64(n), 2)+"+0)", "greatest(0,"+strconv.Itoa(n)+")", "0"+strconv.Itoa(n))
			if n == 1 {
				choices = append(choices, "true", "(!0)", "pi()div 3", "(1 is not null)")
			}
			if n == 0 {
				choices = append(choices, "false", "(!1)")
			}
		}
		return pick(r, choices...)
	})
}

// sqlCodes joins what f makes of the bytes of s.
func sqlCodes(s, separator string, f func(c byte) string) string {
	parts := make([]string, len(s))
	for i := range parts {
		parts[i] = f(s[i])
	}
	return strings.Join(parts, separator)
}

func sqlStrings(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	return each(tokens, r, 0.5, func(i int) bool {
		t := tokens[i]
		return t.kind == sqlString && len(t.text) > 2 && len(t.text) < 80 && (t.text[0] == '\'' || d == mysql) && !strings.Contains(t.text, `\`) &&
			i > 0 && rewritable(tokens, i)
	}, func(i int) string {
		q, s := tokens[i].text[:1], tokens[i].text[1:len(tokens[i].text)-1]
		number := func(c byte) string { return strconv.Itoa(int(c)) }
		hex := sqlCodes(s, "", func(c byte) string { return strconv.FormatInt(int64(c)+0x100, 16)[1:] })
		cut := (len(s) + 1) / 2
		a, b := q+s[:cut]+q, q+s[cut:]+q
		switch d {
		case mysql:
			return pick(r, "0x"+hex, "char("+sqlCodes(s, ",", number)+")", "concat("+a+","+b+")", a+" "+b, "x"+q+hex+q, "unhex("+q+hex+q+")",
				"trim("+q+s+q+")", "concat_ws("+q+q+","+a+","+b+")", "reverse("+q+reverse(s)+q+")", "_latin1"+q+s+q, "n"+q+s+q)
		case mssql:
			return pick(r, "("+a+"+"+b+")", "("+sqlCodes(s, "+", func(c byte) string { return "char(" + number(c) + ")" })+")", "N"+q+s+q, "concat("+a+","+b+")", "reverse("+q+reverse(s)+q+")")
		case postgres:
			return pick(r, "("+a+"||"+b+")", "("+sqlCodes(s, "||", func(c byte) string { return "chr(" + number(c) + ")" })+")", "$$"+s+"$$", "concat("+a+","+b+")", "$q$"+s+"$q$")
		case ansi:
			return "(" + a + "||" + b + ")"
		case oracle:
			return pick(r, "("+a+"||"+b+")", "("+sqlCodes(s, "||", func(c byte) string { return "chr(" + number(c) + ")" })+")", "concat("+a+","+b+")", "N"+q+s+q)
		}
		return pick(r, "("+a+"||"+b+")", "char("+sqlCodes(s, ",", number)+")", "cast(x"+q+hex+q+" as text)")
	})
}

func reverse(s string) string {
	out := []byte(s)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// sqlValue changes the value that stands before the quote. With OR, UNION and
// stacked statements it does not matter.
func sqlValue(tokens []sqlToken, _ dialect, r *rand.Rand) []sqlToken {
	if tokens[0].kind != sqlPrefix {
		return nil
	}
	for i := range tokens {
		if tokens[i].is("and", "&&") {
			return nil
		}
		if tokens[i].is("or", "union", "||") || tokens[i].text == ";" {
			text := tokens[0].text
			tokens[0].text = pick(r, "", "1", "-1", strconv.Itoa(r.IntN(9999)), name(r), prose(r, 1+r.IntN(6)), words[r.IntN(len(words))]) + text[len(text)-1:]
			return tokens
		}
	}
	return nil
}

// sqlLiterals draws other numbers for those that are compared with themselves.
func sqlLiterals(tokens []sqlToken, _ dialect, r *rand.Rand) []sqlToken {
	for i := range tokens {
		if tokens[i].text != "=" {
			continue
		}
		a, b := beside(tokens, i, -1), beside(tokens, i, 1)
		if a < 1 || b < 0 || tokens[a].kind != sqlNumber || tokens[a].text != tokens[b].text || !rewritable(tokens, a) {
			continue
		}
		n := strconv.Itoa(1 + r.IntN(pick(r, 10, 1000, 100000)))
		tokens[a].text, tokens[b].text = n, n
		return tokens
	}
	return nil
}
