package evasion

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

func sqlLogic(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	if d != mysql {
		return nil
	}
	between := -1
	return each(tokens, r, 0.6, func(i int) bool {
		if tokens[i].is("between") {
			between = i
		}
		if tokens[i].is("and") && between >= 0 {
			between = -1
			return false
		}
		return tokens[i].is("or", "and", "||", "&&", "not")
	}, func(i int) string {
		switch t := &tokens[i]; {
		case t.is("or"):
			return "||"
		case t.is("and"):
			return "&&"
		case t.is("||"):
			return " or "
		case t.is("&&"):
			return " and "
		}
		return "!"
	})
}

// sqlCompare rewrites = between literals and names.
func sqlCompare(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	// A name in parts, or with a parenthesis, is more than one token.
	part := func(i int) bool { return i >= 0 && i < len(tokens) && (tokens[i].text == "." || tokens[i].text == "(") }
	simple := func(i int) bool {
		return i >= 0 && (tokens[i].operand() || tokens[i].kind == sqlTail ||
			tokens[i].kind == sqlWord && !sqlKeywords[strings.ToLower(tokens[i].text)] && !part(i+1) && (i == 0 || tokens[i-1].text != "."))
	}
	var found []int
	for i := range tokens {
		if (tokens[i].text == "=" || tokens[i].is("like")) && simple(beside(tokens, i, -1)) && simple(beside(tokens, i, 1)) && !strings.HasPrefix(tokens[beside(tokens, i, -1)].text, "@") {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil
	}
	i := pick(r, found...)
	a, b := beside(tokens, i, -1), beside(tokens, i, 1)
	x, y := tokens[a].text, tokens[b].text
	ops := []string{" like ", "="}
	if d == mysql && strings.Trim(y, `'"`) != "" {
		ops = append(ops, "<=>", " rlike ", " regexp ", " sounds like ", " like binary ")
	}
	if tokens[a].kind == sqlNumber && tokens[b].kind == sqlNumber {
		// RLIKE and the like also hold for parts; >= for equal numbers.
		if ops = ops[:2]; x == y {
			ops = append(ops, ">=", "<=")
		}
	}
	if tokens[b].kind == sqlTail { // the statement closes it: nothing can follow
		tokens[i].text = pick(r, ops...)
		return tokens
	}
	whole := []string{x + " in (" + y + ")", x + " between " + y + " and " + y, "not " + x + "<>" + y, x + " in(" + y + "," + y + ")", "not(" + x + "!=" + y + ")"}
	for _, op := range ops {
		whole = append(whole, x+op+y)
	}
	for j := a; j <= b; j++ {
		tokens[j].text = ""
	}
	tokens[a].text = pick(r, whole...)
	if a > 0 && !tokens[a-1].gap() && tokens[a-1].kind == sqlWord {
		tokens[a].text = " " + tokens[a].text
	}
	if strings.HasPrefix(strings.TrimSpace(tokens[a].text), "not") {
		tokens[a].text = "(" + strings.TrimSpace(tokens[a].text) + ")"
	}
	return tokens
}

// sqlTautology puts another truth for one.
func sqlTautology(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	for i := range tokens {
		if tokens[i].text != "=" && !tokens[i].is("like") {
			continue
		}
		a, b := beside(tokens, i, -1), beside(tokens, i, 1)
		if a < 1 || b < 0 || !tokens[a].operand() || tokens[a].text != tokens[b].text {
			continue
		}
		if w := beside(tokens, a, -1); w < 0 || !tokens[w].is("or", "and", "where", "||", "&&", "having") {
			continue
		}
		n, k := 2+r.IntN(900), name(r)
		s := strconv.Itoa
		choices := []string{s(n) + ">" + s(n-1), s(n) + "<" + s(n+3), "'" + k + "'='" + k + "'", "'" + k + "' like '" + k[:1] + "%'", s(n) + " in (" + s(n) + "," + s(n+1) + ")",
			s(n) + " is not null", s(n) + " between " + s(n-2) + " and " + s(n+9), "not " + s(n) + "=" + s(n+1), s(n) + "<>" + s(n+1), "'" + k + "'<'" + k + "z'",
			"exists(select " + s(n) + ")", s(n) + "=" + s(n), "(select " + s(n) + ")=" + s(n), "length('" + k + "')=" + s(len(k))}
		if d == mysql {
			choices = append(choices, "true", s(n), "!false", "~0", s(n)+"<=>"+s(n), "'"+k+"' regexp '^"+k[:2]+"'", "not false", "-"+s(n), "pi()", "true is true", "'1"+k+"'", s(n)+" mod "+s(n+1), s(n)+"|0", "1e0")
		}
		for j := a; j <= b; j++ {
			tokens[j].text = ""
		}
		tokens[a].text = pick(r, choices...)
		if !tokens[a-1].gap() && tokens[a-1].kind == sqlWord {
			tokens[a].text = " " + tokens[a].text
		}
		return tokens
	}
	return nil
}
