package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/store"
)

// Ensure that a person's rows are gone from queries and from the files' bytes, that the
// others stay, that the chain verifies, and that the act can be found.
func TestForget(t *testing.T) {
	const secret = "/only-in-a-forgotten-row"
	for _, hashed := range []bool{false, true} {
		o, ids, _ := chained(t) // 60 rows of 203.0.113.7
		o.HashClientIPs = hashed
		s := open(t, o)
		for range 3 {
			record(t, s, &store.Verdict{ClientIP: "203.0.113.7", Path: secret, Decision: store.Allow, Class: "none"})
		}
		record(t, s, &store.Verdict{ClientIP: "203.0.113.70", Principal: "alice", Decision: store.Allow, Class: "none"})
		flush(t, s)
		if got := len(list(t, s, store.Query{ClientIP: "203.0.113.7"})); got != 63 {
			t.Fatalf("hashed %t: %d rows before", hashed, got)
		}
		done := 0
		f, err := s.Forget(ctx, store.Person{ClientIP: "203.0.113.7"}, "operator", func(d, all int) { done = d })
		if err != nil {
			t.Fatal(err)
		}
		if f.Rows != 63 || done != 63 || len(f.Segments) < 3 || len(f.Unread) != 0 || f.Event.IsZero() {
			t.Errorf("hashed %t: %+v, done %d", hashed, f, done)
		}
		for _, q := range []store.Query{{ClientIP: "203.0.113.7"}, {ClientIP: "203.0.113.7", Decision: store.Allow}, {Path: secret}} {
			if got := list(t, s, q); len(got) != 0 {
				t.Errorf("%+v: %d rows are left", q, len(got))
			}
		}
		if got := len(list(t, s, store.Query{})); got != len(ids)-60+1 {
			t.Errorf("%d rows are left", got)
		}
		r := verify(t, s, store.VerifyOptions{})
		if r.Found != 0 || r.Forgotten != 63 || r.Rows != len(ids)-60+1 {
			t.Errorf("%+v%s", r, problems(r))
		}
		// Writing goes on, and so does the chain.
		record(t, s, &store.Verdict{ClientIP: "203.0.113.7", Decision: store.Allow, Class: "none"})
		flush(t, s)
		if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
			t.Error(problems(r))
		}
		if f, err := s.Forget(ctx, store.Person{Principal: "alice"}, "operator", nil); err != nil || f.Rows != 1 {
			t.Errorf("%+v, %v", f, err)
		}
		if f, err := s.Forget(ctx, store.Person{Principal: "nobody"}, "operator", nil); err != nil || f.Rows != 0 {
			t.Errorf("%+v, %v", f, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range append(files(t, o.Dir), "../limen.db") {
			b, err := os.ReadFile(filepath.Join(o.Dir, "verdicts", name))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(secret)) || name == "../limen.db" && (bytes.Contains(b, []byte("203.0.113.7")) || bytes.Contains(b, []byte("alice"))) {
				t.Errorf("%s still holds it", name)
			}
			if strings.HasSuffix(name, ".rewrite") {
				t.Errorf("%s is left", name)
			}
		}
		o.ReadOnly = true
		if r := verify(t, open(t, o), store.VerifyOptions{}); r.Found != 0 || r.Forgotten != 64 {
			t.Errorf("reopened: %+v%s", r, problems(r))
		}
	}
}

// Ensure that Forget refuses what names nobody, or two.
func TestForgetErrors(t *testing.T) {
	s := open(t, store.Options{})
	for _, p := range []store.Person{{}, {ClientIP: "a", Principal: "b"}} {
		if _, err := s.Forget(ctx, p, "operator", nil); !errors.Is(err, store.ErrQuery) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	_ = s.Close()
	if _, err := s.Forget(ctx, store.Person{Principal: "b"}, "operator", nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("%v", err)
	}
}
