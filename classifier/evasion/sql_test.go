package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var sqlSamples = []string{
	"7' OR 5=5 -- ",
	"3') union select name, 12 from accounts where id=4#",
	"x' and 'ab'='ab",
	"9;select pg_sleep(7)--",
	"1 and (select count(*) from t where a like 'b%') between 2 and 9 or not 4<>5",
	"`) where 8=8;waitfor delay '0:0:7'-- ab",
	"4\" or sleep(3)=\"",
	"",
}

// Ensure that the texts of the tokens make up the payload, and that quotes that
// open, hold and close are told apart.
func TestLexSQL(t *testing.T) {
	for _, text := range sqlSamples {
		if got := joinSQL(lexSQL(text)); got != text {
			t.Errorf("tokens of %q make %q", text, got)
		}
	}
	tokens := lexSQL("7' or 'a b'='c")
	want := []sqlKind{sqlPrefix, sqlSpace, sqlWord, sqlSpace, sqlString, sqlOp, sqlTail}
	if len(tokens) != len(want) {
		t.Fatalf("tokens %q", tokens)
	}
	for i := range want {
		if tokens[i].kind != want[i] {
			t.Errorf("token %d, %q, is of kind %d, want %d", i, tokens[i].text, tokens[i].kind, want[i])
		}
	}
}

var (
	sqlVersion  = regexp.MustCompile(`/\*!\d*\s*(.*?)\s*\*/`)
	sqlComment1 = regexp.MustCompile(`(?s)/\*.*?\*/|(--[ \w]*|#\w*)\n`)
)

// bare is the statement without comments, white space and letter case.
func bare(text string) string {
	text = sqlVersion.ReplaceAllString(text, " $1 ")
	text = sqlComment1.ReplaceAllString(text, " ")
	return strings.ToLower(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < '!' || r == utf8.RuneError }), ""))
}

// Ensure that mutations of white space, comments and case leave the tokens,
// and that no two tokens become one.
func TestSQLKeepsTokens(t *testing.T) {
	names := func(text string) (out []string) {
		for _, k := range lexSQL(sqlComment1.ReplaceAllString(sqlVersion.ReplaceAllString(text, " $1 "), " ")) {
			if k.kind != sqlSpace && k.kind != sqlEnd {
				out = append(out, strings.ToLower(k.text))
			}
		}
		return out
	}
	for _, name := range []string{"sql-case", "sql-space", "sql-close-up", "sql-comment", "sql-version-comment"} {
		m, ok := Mutations().Named(name)
		if !ok {
			t.Fatalf("no mutation %s", name)
		}
		r, applied := rand.New(rand.NewPCG(3, 4)), 0
		for _, text := range sqlSamples {
			for range 80 {
				c := &Candidate{Class: "sqli", Payload: text, Place: Query, dialect: dialectOf(text)}
				for range 3 {
					if next := (Step{&m, r.Uint64()}).Apply(c); next != nil {
						c = next
						applied++
					}
				}
				if c.Payload == text {
					continue
				}
				if bare(c.Payload) != bare(text) {
					t.Fatalf("%s made %q of %q", name, c.Payload, text)
				}
				if got, want := strings.Join(names(c.Payload), " "), strings.Join(names(text), " "); got != want {
					t.Fatalf("%s made %q of %q: tokens %s, want %s", name, c.Payload, text, got, want)
				}
			}
		}
		if applied == 0 {
			t.Errorf("%s was never applied", name)
		}
	}
}

// Ensure that a payload for one system is not written in another's dialect.
func TestSQLDialects(t *testing.T) {
	tests := []struct {
		text string
		want dialect
	}{
		{"1 or 1=1", mysql}, {"1;waitfor delay '0:0:5'", mssql}, {"1||dbms_pipe.receive_message('a',5)", oracle},
		{"1 and pg_sleep(5)", postgres}, {"randomblob(99)", sqlite}, {"select 1 from sysibm.sysdummy1", ansi},
	}
	suite := Mutations().For("sqli")
	for _, test := range tests {
		if got := dialectOf(test.text); got != test.want {
			t.Errorf("dialect of %q is %d, want %d", test.text, got, test.want)
		}
		if test.want == mysql {
			continue
		}
		r := rand.New(rand.NewPCG(5, 6))
		for range 300 {
			c := NewCandidate("sqli", test.text, Query, r)
			c, _ = Random(c, suite, 4, Options{}, r.Uint64())
			for _, foreign := range []string{"/*!4", "/*!5", "<=>", "rlike", "0b", "unhex", "&&"} {
				if strings.Contains(strings.ToLower(c.Payload), foreign) {
					t.Fatalf("%q became %q, which only MySQL reads", test.text, c.Payload)
				}
			}
		}
	}
}

// Ensure that integers are written as expressions of the same value.
func TestSQLIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	plain := regexp.MustCompile(`^\((\d+)([-+*/])(\d+)\)$`)
	checked := 0
	for range 400 {
		out := sqlIntegers(lexSQL("1 or 42"), mssql, r)
		text := strings.TrimPrefix(joinSQL(out), "1 or ")
		m := plain.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		a, b := number(m[1]), number(m[3])
		got := map[string]int{"-": a - b, "+": a + b, "*": a * b, "/": a / max(b, 1)}[m[2]]
		if got != 42 {
			t.Fatalf("%s is %d, want 42", text, got)
		}
		checked++
	}
	if checked < 50 {
		t.Errorf("only %d expressions", checked)
	}
}

func number(s string) (n int) {
	for i := range s {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
