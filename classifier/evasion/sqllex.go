package evasion

import (
	"regexp"
	"strings"
)

type sqlKind uint8

const (
	sqlPrefix  sqlKind = iota // the value that the payload breaks out of, with its quote
	sqlWord                   // keyword, name, function
	sqlNumber                 // integer or decimal
	sqlString                 // a whole string literal, with its quotes
	sqlQuoted                 // a name in backquotes or brackets
	sqlOp                     // operator
	sqlPunct                  // ( ) , ; .
	sqlSpace                  // white space
	sqlComment                // a comment that ends before the payload does
	sqlEnd                    // a comment that hides the rest of the statement
	sqlTail                   // an open string at the end, which the statement closes
)

type sqlToken struct {
	kind sqlKind
	text string
}

// sqlBreak is a value up to the quote that ends it in the statement.
var sqlBreak = regexp.MustCompile("^[^'\"`\\s()=,;|/]*['\"`]")

// lexSQL splits SQL that is injected into a statement. The texts of the
// tokens, one after the other, are the payload.
func lexSQL(text string) []sqlToken {
	var out []sqlToken
	add := func(k sqlKind, n int) {
		out = append(out, sqlToken{k, text[:n]})
		text = text[n:]
	}
	if m := sqlBreak.FindString(text); m != "" {
		add(sqlPrefix, len(m))
	}
	for text != "" {
		c := text[0]
		switch {
		case sqlBlank(c):
			n := 1
			for n < len(text) && sqlBlank(text[n]) {
				n++
			}
			add(sqlSpace, n)
		case strings.HasPrefix(text, "/*"):
			end := strings.Index(text[2:], "*/")
			switch {
			case end < 0:
				add(sqlEnd, len(text))
			case strings.HasPrefix(text, "/*!"): // runs, so it is no comment
				add(sqlOp, end+4)
			default:
				add(sqlComment, end+4)
			}
		case strings.HasPrefix(text, "--") || c == '#':
			end := strings.IndexByte(text, '\n')
			if end < 0 || end == len(text)-1 {
				add(sqlEnd, len(text))
			} else {
				add(sqlComment, end+1)
			}
		case c == '\'' || c == '"' || c == '`':
			end := strings.IndexByte(text[1:], c)
			switch {
			case end < 0:
				add(sqlTail, len(text))
			case c == '`':
				add(sqlQuoted, end+2)
			default:
				add(sqlString, end+2)
			}
		case digit(c):
			n := 1
			for n < len(text) && (alphanumeric(text[n]) || text[n] == '.') {
				n++
			}
			add(sqlNumber, n)
		case letter(c) || c == '_' || c == '@':
			n := 1
			for n < len(text) && (alphanumeric(text[n]) || text[n] == '_' || text[n] == '$' || text[n] == '@') {
				n++
			}
			add(sqlWord, n)
		case strings.IndexByte("(),;.", c) >= 0:
			add(sqlPunct, 1)
		default:
			n := 1
			for _, op := range []string{"<=>", "||", "&&", "<>", "!=", ">=", "<=", "::", ":="} {
				if strings.HasPrefix(text, op) {
					n = len(op)
					break
				}
			}
			add(sqlOp, n)
		}
	}
	return out
}

// sqlBlank says whether some system takes c for white space: SQL Server takes
// all controls, MySQL the no-break space of Latin-1.
func sqlBlank(c byte) bool { return c > 0 && c <= ' ' || c == 0xa0 }

func joinSQL(tokens []sqlToken) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String()
}

// is says whether a token is one of the words, without regard to case.
func (t *sqlToken) is(words ...string) bool {
	if t.kind != sqlWord && t.kind != sqlOp {
		return false
	}
	for _, w := range words {
		if strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

// operand says whether the token is a value on its own.
func (t *sqlToken) operand() bool { return t.kind == sqlNumber || t.kind == sqlString }

// gap says whether the token separates others.
func (t *sqlToken) gap() bool { return t.kind == sqlSpace || t.kind == sqlComment }

// beside returns the index of the next token in a direction that is not a
// gap, or -1.
func beside(tokens []sqlToken, i, step int) int {
	for i += step; i >= 0 && i < len(tokens); i += step {
		if !tokens[i].gap() {
			return i
		}
	}
	return -1
}

// wordBefore is the last word before token i, or an empty token.
func wordBefore(tokens []sqlToken, i int) *sqlToken {
	for i--; i >= 0; i-- {
		if tokens[i].kind == sqlWord {
			return &tokens[i]
		}
	}
	return &sqlToken{}
}

// dialect is a set of database systems.
type dialect uint8

const (
	ansi  dialect = 0 // a system that the mutations know nothing of
	mysql dialect = 1 << iota
	mssql
	oracle
	postgres
	sqlite
)

var dialectWords = []struct {
	dialect dialect
	words   *regexp.Regexp
}{
	{ansi, regexp.MustCompile(`(?i)\b(sysibm|syscat|sysmaster|rdb\$\w+|regexp_substring|crypt_key|domain\.\w+|json\s*\(\s*char|iif|sysproc|qsys2)\b`)},
	{mssql, regexp.MustCompile(`(?i)\b(waitfor|xp_\w+|sysobjects|syscolumns|sysusers|nvarchar|exec|convert\s*\(\s*int|sp_\w+|openrowset|declare|master\.\.)\b`)},
	{oracle, regexp.MustCompile(`(?i)\b(dbms_\w+|user_lock|utl_\w+|ctxsys|dual|rownum|all_tables|chr\s*\(|rawtohex|xmltype|drithsx|all_users|sysdate)\b`)},
	{postgres, regexp.MustCompile(`(?i)(\b(pg_\w+|generate_series|current_schema|string_agg)\b|::)`)},
	{sqlite, regexp.MustCompile(`(?i)\b(randomblob|sqlite_\w+|load_extension)\b`)},
	{mysql, regexp.MustCompile(`(?i)(\b(sleep|benchmark|elt|make_set|extractvalue|updatexml|group_concat|procedure|analyse|rlike|regexp|outfile|load_file|gtid_subset|json_keys)\b|#)`)},
}

// dialectOf is the system that a payload is for, MySQL where it could be any.
func dialectOf(text string) dialect {
	for _, d := range dialectWords {
		if d.words.MatchString(text) {
			return d.dialect
		}
	}
	return mysql
}
