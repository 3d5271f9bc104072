package evasion

import (
	"math/rand/v2"
	"strings"
)

var sqlClass = []string{"sqli"}

// sqlMutations keep what a database does. Those that only one system
// understands are for payloads of that system.
var sqlMutations = Suite{
	onSQL("sql-case", sqlCase),
	onSQL("sql-space", sqlSpaces),
	onSQL("sql-close-up", sqlCloseUp),
	onSQL("sql-comment", sqlComments),
	onSQL("sql-version-comment", sqlVersioned),
	onSQL("sql-parentheses", sqlParentheses),
	onSQL("sql-integer", sqlIntegers),
	onSQL("sql-string", sqlStrings),
	onSQL("sql-logic", sqlLogic),
	onSQL("sql-compare", sqlCompare),
	onSQL("sql-tautology", sqlTautology),
	onSQL("sql-terminator", sqlTerminator),
	onSQL("sql-alias", sqlAlias),
	onSQL("sql-name", sqlNames),
	onSQL("sql-union", sqlUnion),
	onSQL("sql-value", sqlValue),
	onSQL("sql-literal", sqlLiterals),
}

// onSQL makes a mutation of a change to tokens; nil means that it does not fit.
func onSQL(name string, change func([]sqlToken, dialect, *rand.Rand) []sqlToken) Mutation {
	return Mutation{Name: name, Classes: sqlClass, Apply: func(c *Candidate, r *rand.Rand) bool {
		if c.Twin == TwinSplit { // Split counts bytes of the payload
			return false
		}
		out := change(lexSQL(c.Payload), c.dialect, r)
		if out == nil {
			return false
		}
		text := joinSQL(out)
		if text == c.Payload {
			return false
		}
		c.Payload = text
		return true
	}}
}

// each calls change for every token that fits, each with probability p but for
// one at least.
func each(tokens []sqlToken, r *rand.Rand, p float64, fits func(i int) bool, change func(i int) string) []sqlToken {
	var found []int
	for i := range tokens {
		if fits(i) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return nil
	}
	must := pick(r, found...)
	for _, i := range found {
		if i == must || chance(r, p) {
			tokens[i].text = change(i)
		}
	}
	return tokens
}

var sqlKeywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`select union all distinct from where and or xor not like rlike regexp between in is null order group by having limit offset
 insert into values update set delete drop table database exec execute declare waitfor delay case when then else end as cast convert char chr concat
 sleep benchmark if ifnull iif elt make_set count exists true false procedure analyse having outfile dumpfile join inner left right on div mod
 substring substr mid ascii ord hex unhex extractvalue updatexml pg_sleep user version schema information_schema call begin asc desc top cross
 varchar int integer nvarchar load_file group_concat length floor rand md5 sha1 randomblob upper lower generate_series dual`) {
		m[w] = true
	}
	return m
}()

// keyword says whether case does not matter for token i.
func keyword(tokens []sqlToken, i int) bool {
	if tokens[i].kind != sqlWord {
		return false
	}
	if sqlKeywords[strings.ToLower(tokens[i].text)] {
		return true
	}
	next := i + 1
	return next < len(tokens) && tokens[next].text == "(" && !strings.HasPrefix(tokens[i].text, "@")
}

func sqlCase(tokens []sqlToken, _ dialect, r *rand.Rand) []sqlToken {
	return each(tokens, r, 0.7, func(i int) bool { return keyword(tokens, i) }, func(i int) string { return mixCase(tokens[i].text, r) })
}

// sqlTerminator ends the statement in another way.
func sqlTerminator(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	last := len(tokens) - 1
	if last < 1 || tokens[last].kind != sqlEnd {
		return nil
	}
	choices := []string{"-- ", "-- -", "--" + "\t", "-- " + name(r), "-- " + prose(r, 1+r.IntN(8)), ";-- ", "; -- " + prose(r, 2)}
	if d == mysql {
		choices = append(choices, "#", "# "+prose(r, 1+r.IntN(8)), "#"+name(r), ";\x00", ";#")
	} else {
		choices = append(choices, "--", "--"+name(r), "--"+prose(r, 4))
	}
	tokens[last].text = pick(r, choices...)
	if tokens[last-1].kind == sqlOp && strings.HasPrefix(tokens[last].text, "-") {
		tokens[last].text = " " + tokens[last].text
	}
	return tokens
}

var sqlAliases = map[string][]string{
	"substring": {"substr", "mid"}, "substr": {"substring", "mid"}, "mid": {"substring", "substr"}, "ascii": {"ord"}, "ord": {"ascii"},
	"user": {"current_user", "session_user", "system_user"}, "database": {"schema"}, "length": {"char_length", "octet_length"},
	"ucase": {"upper"}, "upper": {"ucase"}, "lcase": {"lower"}, "lower": {"lcase"}, "power": {"pow"}, "ceil": {"ceiling"},
}

// sqlAlias calls functions by their other names.
func sqlAlias(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	if d != mysql {
		return nil
	}
	return each(tokens, r, 0.7, func(i int) bool {
		t := strings.ToLower(tokens[i].text)
		return t == "@@version" || sqlAliases[t] != nil && i+1 < len(tokens) && tokens[i+1].text == "("
	}, func(i int) string {
		t := strings.ToLower(tokens[i].text)
		if t == "@@version" {
			return pick(r, "version()", "@@global.version", "@@`version`")
		}
		if t == "user" && i+2 < len(tokens) && tokens[i+2].text != ")" {
			return tokens[i].text
		}
		return pick(r, sqlAliases[t]...)
	})
}

// sqlNames quotes the names of tables and columns.
func sqlNames(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	if d != mysql && d != mssql && d != sqlite { // elsewhere quotes make the case matter
		return nil
	}
	return each(tokens, r, 0.6, func(i int) bool {
		if tokens[i].kind != sqlWord || strings.HasPrefix(tokens[i].text, "@") || sqlKeywords[strings.ToLower(tokens[i].text)] && !tokens[i].is("information_schema") {
			return false
		}
		j := beside(tokens, i, -1)
		if i+1 < len(tokens) && tokens[i+1].text == "(" || j < 0 {
			return false
		}
		return tokens[j].is("from", "join") || tokens[j].text == "." && j > 0 && tokens[j-1].kind != sqlNumber
	}, func(i int) string {
		t := tokens[i].text
		switch d {
		case mysql:
			return "`" + t + "`"
		case mssql:
			return "[" + t + "]"
		}
		return `"` + t + `"`
	})
}

// sqlUnion writes UNION SELECT otherwise.
func sqlUnion(tokens []sqlToken, d dialect, r *rand.Rand) []sqlToken {
	for i := range tokens {
		if !tokens[i].is("union") {
			continue
		}
		j := beside(tokens, i, 1)
		if j < 0 {
			return nil
		}
		switch {
		case tokens[j].is("all"):
			tokens[j].text = pick(r, "all", "ALL", "all ")
			if d == mysql {
				tokens[j].text = pick(r, "distinct", "DISTINCT", "all/**/")
			}
		case tokens[j].is("select"):
			tokens[j].text = pick(r, "all ", "all/**/", "all\n") + tokens[j].text
		default:
			return nil
		}
		return tokens
	}
	return nil
}
