package evasion

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// blanks draws what the system takes for white space.
func blanks(d dialect, r *rand.Rand) func() string {
	choices := []string{"\t", "\n", "\r\n", "\f", "  ", " ", "/**/", "/*" + name(r) + "*/", "/* " + prose(r, 3) + " */", "--" + pick(r, " ", "") + name(r) + "\n", "/*\n*/", "/***/"}
	if d == mysql {
		choices = append(choices, "\v", "#"+name(r)+"\n", "#\n", "-- \n", "\xa0", "/*!*/")
		choices[9] = "-- " + name(r) + "\n"
	}
	if d == mssql {
		choices = append(choices, "\x01", "\x1f")
	}
	one, many := pick(r, choices...), chance(r, 0.3)
	return func() string {
		if many {
			return pick(r, choices...)
		}
		return one
	}
}

func sqlSpaces(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	blank := blanks(d, r)
	return each(tokens, r, pick(r, 0.3, 1), func(i int) bool {
		// The blank before a string literal's name and after -- is not one between tokens.
		return tokens[i].gap() && i > 0 && i < len(tokens)-1 && tokens[i+1].kind != sqlTail
	}, func(int) string { return blank() })
}

// fuse says whether two tokens would become one, or a comment, without a gap.
func fuse(a, b *sqlToken) bool {
	if a.text == "" || b.text == "" {
		return true
	}
	x, y := a.text[len(a.text)-1], b.text[0]
	wordy := func(c byte) bool { return alphanumeric(c) || c == '_' || c == '@' || c == '$' || c == '.' || c >= 0x80 }
	switch {
	case wordy(x) && wordy(y):
		return true
	case a.kind == sqlWord && (b.kind == sqlString || b.kind == sqlTail):
		// N'…', X'…', B'…' are literals of other kinds.
		return len(a.text) == 1
	case a.kind == sqlString && (b.kind == sqlString || b.kind == sqlTail), a.kind == sqlPrefix && (b.kind == sqlString || b.kind == sqlTail):
		return true // '' is a quote
	case a.kind == sqlOp && (b.kind == sqlOp || b.kind == sqlEnd):
		return true
	case a.kind == sqlWord && y == '(' && !sqlKeywords[strings.ToLower(a.text)]:
		return true
	case b.kind == sqlEnd || a.kind == sqlEnd:
		return x == '-' || x == '/'
	}
	return false
}

func sqlCloseUp(tokens []sqlToken, _ dialect, r *rand.Rand) []sqlToken {
	return each(tokens, r, 0.8, func(i int) bool {
		a, b := beside(tokens, i, -1), beside(tokens, i, 1)
		return tokens[i].gap() && a >= 0 && b >= 0 && !fuse(&tokens[a], &tokens[b])
	}, func(int) string { return "" })
}

// sqlComments puts comments where there was nothing.
func sqlComments(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	return each(tokens, r, 0.3, func(i int) bool {
		if i+1 >= len(tokens) || tokens[i].kind == sqlEnd || tokens[i+1].kind == sqlTail || tokens[i+1].kind == sqlEnd {
			return false
		}
		// A function's name and its parenthesis belong together in MySQL, the
		// parts of a name everywhere.
		if tokens[i].kind == sqlWord && (tokens[i+1].text == "(" || tokens[i+1].text == ".") || tokens[i].text == "." {
			return false
		}
		return tokens[i].text != "" && tokens[i].text[len(tokens[i].text)-1] != '/' && tokens[i+1].text[0] != '*'
	}, func(i int) string {
		return tokens[i].text + pick(r, "/**/", "/*"+name(r)+"*/", "/*"+prose(r, 2)+"*/", "/*"+strconv.Itoa(r.IntN(99999))+"*/")
	})
}

func sqlVersioned(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	if d != mysql {
		return nil
	}
	return each(tokens, r, 0.3, func(i int) bool {
		return tokens[i].is("union", "select", "from", "where", "and", "or", "all", "like", "order", "by", "distinct")
	}, func(i int) string {
		t := tokens[i].text
		return pick(r, "/*!"+t+"*/", "/*!50000"+t+"*/", "/*!50000 "+t+" */", "/*!40101"+t+"*/", "/*!12345"+t+"*/")
	})
}

func sqlParentheses(tokens []sqlToken, _ dialect, r *rand.Rand) []sqlToken {
	out := each(tokens, r, 0.5, func(i int) bool {
		return tokens[i].operand() && rewritable(tokens, i)
	}, func(i int) string { return "(" + tokens[i].text + ")" })
	if out == nil {
		return nil
	}
	out = lexSQL(joinSQL(out))
	if chance(r, 0.5) {
		if closed := sqlCloseUp(out, 0, r); closed != nil {
			return closed
		}
	}
	return out
}
