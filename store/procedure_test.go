package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// attackClasses are the classes that labels of these tests may have.
var attackClasses = []string{"sqli", "xss"}

// procedures are those of the store, with a server that can run everything.
func procedures(t testing.TB) *store.Procedures {
	t.Helper()
	host := &store.PromotionHost{
		Names:      []string{"http"},
		Configured: func(string) string { return digest(0) },
		Load:       func(string) (*store.NewModel, error) { return nil, nil },
		Check:      func(context.Context, *store.ModelRecord, []byte) error { return nil },
	}
	list, err := store.NewProcedures(
		store.LabelProcedure(attackClasses),
		store.ExceptProcedure(func(m *store.ExceptionMatch) error {
			if m.Kind != "path" {
				return fmt.Errorf("kind is %q, expected path", m.Kind)
			}
			return nil
		}),
		store.PromoteProcedure(host), store.RollbackProcedure(host), store.ConfigureProcedure(),
	)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func digest(i int) string { return fmt.Sprintf("sha256:%08x%056x", 0xabc00000+i, i) }

// invoke calls a procedure and decodes its output.
func invoke(s *store.Store, list *store.Procedures, name, principal, key string, input, output any) (*store.Call, error) {
	p, err := list.Get(name)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	c, err := s.Invoke(ctx, p, store.Invocation{Principal: principal, Key: key, Input: raw})
	if err == nil && output != nil {
		err = json.Unmarshal(c.Output, output)
	}
	return c, err
}

type object = map[string]any

// label labels a verdict and fails the test when that cannot be done.
func label(t testing.TB, s *store.Store, id ulid.ULID, word, class string) store.Label {
	t.Helper()
	var l store.Label
	if _, err := invoke(s, procedures(t), "label", "alice", "", object{"verdict": id.String(), "label": word, "class": class}, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// Ensure that a wrong input is refused with what is allowed, and changes nothing.
func TestProcedureErrors(t *testing.T) {
	s := open(t, store.Options{})
	list := procedures(t)
	v := typical(0)
	record(t, s, v)
	flush(t, s)
	id := v.ID.String()
	unknown := "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	tests := []struct {
		name, principal, key string
		input                any
		is                   error
		want                 string
	}{
		{"adapt", "a", "", nil, store.ErrNotFound, "there are configure, except, label, promote, rollback"},
		{"label", "", "", nil, store.ErrQuery, "principal"},
		{"label", strings.Repeat("x", 300), "", nil, store.ErrQuery, "256 bytes"},
		{"label", "a", "two words", nil, store.ErrQuery, "visible ASCII"},
		{"label", "a", strings.Repeat("k", 256), nil, store.ErrQuery, "at most 255"},
		{"label", "a", "", object{"verdict": id, "label": "attack", "klass": "sqli"}, store.ErrQuery, "klass"},
		{"label", "a", "", object{"verdict": "7", "label": "attack"}, store.ErrQuery, "26 characters"},
		{"label", "a", "", object{"verdict": unknown, "label": "attack"}, store.ErrNotFound, unknown},
		{"label", "a", "", object{"verdict": id, "label": "bad"}, store.ErrQuery, "attack, normal or retracted"},
		{"label", "a", "", object{"verdict": id, "label": "attack", "class": "none"}, store.ErrQuery, "one of sqli, xss"},
		{"label", "a", "", object{"verdict": id, "label": "normal", "class": "sqli"}, store.ErrQuery, "only an attack"},
		{"label", "a", "", object{"verdict": id, "label": "retracted"}, store.ErrQuery, "no label to retract"},
		{"label", "a", "", object{"verdict": id, "label": "normal", "note": strings.Repeat("n", 4001)}, store.ErrQuery, "at most 4000"},
		{"except", "a", "", object{"action": "change"}, store.ErrQuery, "add or remove"},
		{"except", "a", "", object{"action": "add", "kind": "path"}, store.ErrQuery, "at least one value"},
		{"except", "a", "", object{"action": "add", "kind": "host", "values": []string{"x"}}, store.ErrQuery, "expected path"},
		{"except", "a", "", object{"action": "add", "kind": "path", "values": []string{""}}, store.ErrQuery, "1 to 1000 bytes"},
		{"except", "a", "", object{"action": "remove", "id": "x"}, store.ErrQuery, "26 characters"},
		{"except", "a", "", object{"action": "remove", "id": unknown}, store.ErrNotFound, "no exception " + unknown},
		{"promote", "a", "", object{"name": "image", "model": "x"}, store.ErrQuery, "one of http"},
		{"promote", "a", "", object{"name": "http", "model": "x"}, store.ErrNotFound, `no model "x"`},
		{"rollback", "a", "", object{"name": "http"}, store.ErrQuery, "no promotion of http"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			if _, err := invoke(s, list, tt.name, tt.principal, tt.key, tt.input, nil); !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected %v with %q", err, tt.is, tt.want)
			}
		})
	}
	if page, err := s.Calls(ctx, store.CallQuery{}); err != nil || len(page.Calls) != 0 {
		t.Errorf("%d calls are recorded, %v", len(page.Calls), err)
	}
}

// Ensure that a call's row tells who called what, from what, with what result, and
// what it changed.
func TestCallRow(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Clock: clock.now})
	v := typical(0)
	record(t, s, v)
	flush(t, s)
	clock.add(time.Minute)
	var l store.Label
	input := object{"verdict": v.ID.String(), "label": "attack", "class": "xss", "note": " seen before "}
	c, err := invoke(s, procedures(t), "label", "alice", "", input, &l)
	if err != nil {
		t.Fatal(err)
	}
	if l.Author != "alice" || l.Class != "xss" || l.Note != "seen before" || l.Verdict != v.ID || !l.Time.Equal(clock.now().Truncate(time.Millisecond)) {
		t.Errorf("label is %+v", l)
	}
	stored, err := s.Call(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(stored, c) {
		t.Errorf("stored %+v\nreturned %+v", stored, c)
	}
	if c.Procedure != "label" || c.Version != 1 || c.Principal != "alice" || !reflect.DeepEqual(c.Parents, []string{"verdict " + v.ID.String()}) ||
		!reflect.DeepEqual(c.Events, []ulid.ULID{l.ID}) || !strings.HasPrefix(c.InputDigest, "sha256:") {
		t.Errorf("call is %+v", c)
	}
	again, err := invoke(s, procedures(t), "label", "bob", "", object{"note": " seen before ", "class": "xss", "label": "attack", "verdict": v.ID.String()}, nil)
	if err != nil || again.InputDigest != c.InputDigest {
		t.Errorf("the same input in another order has digest %s, expected %s (%v)", again.InputDigest, c.InputDigest, err)
	}
	seen, err := s.Procedures()
	if err != nil || len(seen) != 1 || seen[0].Name != "label" || !seen[0].FirstSeen.Equal(c.Time) {
		t.Errorf("procedures are %+v, %v", seen, err)
	}
}

// Ensure that a key is good for one call: over restarts, for a day, for one
// principal, and not for another input.
func TestIdempotency(t *testing.T) {
	clock := newClock()
	o := store.Options{Dir: t.TempDir(), Clock: clock.now}
	s := open(t, o)
	list := procedures(t)
	add := func(principal, key, value string) (*store.Call, error) {
		return invoke(s, list, "except", principal, key, object{"action": "add", "kind": "path", "values": []string{value}}, nil)
	}
	must := func(c *store.Call, err error) *store.Call {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := must(add("alice", "k1", "/a"))
	same := must(add("alice", "k1", "/a"))
	if !same.Stored || same.ID != first.ID || !bytes.Equal(same.Output, first.Output) {
		t.Errorf("second call is %+v, expected %+v", same, first)
	}
	if _, err := add("alice", "k1", "/b"); !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), `"k1" was used with another input`) {
		t.Errorf("another input: %v", err)
	}
	if _, err := invoke(s, list, "except", "alice", "k1", object{"action": "remove", "id": first.Events[0].String()}, nil); !errors.Is(err, store.ErrKey) {
		t.Errorf("another action: %v", err)
	}
	if other := must(add("bob", "k1", "/a")); other.Stored {
		t.Error("another principal got alice's call")
	}
	// A call that fails leaves the key free.
	if _, err := add("alice", "k2", ""); err == nil {
		t.Error("an empty value is taken")
	}
	if c := must(add("alice", "k2", "/c")); c.Stored {
		t.Error("a call that failed was stored")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	clock.add(store.KeyLife - time.Second)
	if c := must(add("alice", "k1", "/a")); !c.Stored || c.ID != first.ID || string(c.Output) != string(first.Output) {
		t.Errorf("after a restart: %+v", c)
	}
	clock.add(2 * time.Second)
	if c := must(add("alice", "k1", "/b")); c.Stored {
		t.Error("the key is kept for longer than its life")
	}
	if keys, ages, err := s.Keys(); err != nil || keys != 1 || ages != 1 {
		t.Errorf("%d keys with %d ages are kept, %v; expected the new one", keys, ages, err)
	}
}

// Ensure that duplicates that come at the same time are done once, that each gets
// the output, and that one that gives up does not stop the others.
func TestIdempotencyConcurrent(t *testing.T) {
	s := open(t, store.Options{})
	var runs, fail atomic.Int64
	slow := store.NewProcedure("slow", 1, "", func(ctx context.Context, tx *store.Txn, in int) (int64, error) {
		time.Sleep(5 * time.Millisecond)
		if fail.Add(-1) >= 0 {
			return 0, errors.New("not yet")
		}
		return runs.Add(1), tx.Append("test", "", in, nil)
	})
	for round := range 5 {
		before := runs.Load()
		fail.Store(1)
		var wg sync.WaitGroup
		var failed atomic.Int64
		outputs := make([]string, 40)
		for i := range outputs {
			wg.Go(func() {
				cctx := ctx
				if i%10 == 9 {
					var cancel context.CancelFunc
					cctx, cancel = context.WithTimeout(ctx, time.Millisecond)
					defer cancel()
				}
				c, err := s.Invoke(cctx, slow, store.Invocation{Principal: "p", Key: fmt.Sprint("round", round), Input: json.RawMessage("7")})
				if err != nil {
					failed.Add(1)
					return
				}
				outputs[i] = string(c.Output)
			})
		}
		wg.Wait()
		if n := runs.Load() - before; n != 1 {
			t.Errorf("%d calls were done, expected 1", n)
		}
		got := slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(outputs, func(s string) bool { return s == "" }))))
		if len(got) != 1 || got[0] != fmt.Sprint(runs.Load()) || failed.Load() > 5 {
			t.Errorf("outputs are %q, %d failed", got, failed.Load())
		}
	}
	page, err := s.Calls(ctx, store.CallQuery{Procedure: "slow"})
	if err != nil || len(page.Calls) != 5 {
		t.Errorf("%d calls are recorded, expected 5 (%v)", len(page.Calls), err)
	}
}

// Ensure that calls on one subject follow each other: what one decides by is not
// changed before it is committed.
func TestConflict(t *testing.T) {
	s := open(t, store.Options{})
	count := store.NewProcedure("count", 1, "", func(_ context.Context, tx *store.Txn, _ *struct{}) (int, error) {
		n := 0
		last, err := tx.Last("test", "counter")
		if err != nil {
			return 0, err
		}
		if last != nil {
			if err := json.Unmarshal(last.Body, &n); err != nil {
				return 0, err
			}
		}
		return n + 1, tx.Append("test", "counter", n+1, nil)
	})
	const callers, calls = 8, 20
	var done atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				if _, err := s.Invoke(ctx, count, store.Invocation{Principal: "p"}); err == nil {
					done.Add(1)
				} else if !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last, err := s.At(time.Time{}).Last("test", "counter")
	if err != nil || string(last.Body) != fmt.Sprint(done.Load()) || done.Load() == 0 {
		t.Errorf("counted to %s in %d calls, %v", last.Body, done.Load(), err)
	}
}

// plainState is what the store keeps, in memory, as lists of what was done.
type plainState struct {
	labels     []store.Label
	exceptions []store.Exception
	promotions []store.Promotion
	settings   []plainSetting
}

type plainSetting struct {
	at        time.Time
	site      string
	threshold float64
	gone      bool
}

// labelsAt lists the labels that held, newest first.
func (p *plainState) labelsAt(at time.Time, history bool) (out []store.Label) {
	for i, l := range p.labels {
		if l.Time.After(at) {
			continue
		}
		for _, later := range p.labels[i+1:] {
			if later.Verdict == l.Verdict && !later.Time.After(at) {
				l.SupersededBy = later.ID
				break
			}
		}
		if history || l.SupersededBy.IsZero() && l.Label != store.LabelRetracted {
			out = append(out, l)
		}
	}
	slices.Reverse(out)
	return out
}

func (p *plainState) exceptionsAt(at time.Time) (out []store.Exception) {
	for _, x := range p.exceptions {
		if x.Time.After(at) || !x.Removed.IsZero() && !x.Removed.After(at) {
			continue
		}
		x.Removed, x.RemovedBy = time.Time{}, ""
		out = append(out, x)
	}
	return out
}

func (p *plainState) activeAt(at time.Time) string {
	stack := []string{digest(0)}
	for _, e := range p.promotions {
		switch {
		case e.Time.After(at):
		case e.Action == "promote":
			stack = append(stack, e.Model)
		default:
			stack = stack[:len(stack)-1]
		}
	}
	return stack[len(stack)-1]
}

func (p *plainState) thresholdsAt(at time.Time) map[string]float64 {
	out := make(map[string]float64)
	for _, s := range p.settings {
		switch {
		case s.at.After(at):
		case s.gone:
			delete(out, s.site)
		default:
			out[s.site] = s.threshold
		}
	}
	return out
}

// Ensure that the store says of every time what a plain list of what was done says,
// over restarts, clocks that are set back, and retention.
func TestStateAgainstModel(t *testing.T) {
	rounds, steps := 4, 200
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			clock := newClock()
			w := &world{rand.New(rand.NewPCG(uint64(round), 2)), clock}
			o := store.Options{Dir: t.TempDir(), Clock: clock.now, Span: time.Minute, CommitEvery: time.Millisecond}
			if round%2 == 1 {
				o.Retain = time.Hour
			}
			s := open(t, o)
			list := procedures(t)
			for i := range 4 {
				if err := s.PutModelFile(digest(i), "m", []byte("{}"), []byte{byte(i)}, clock.now()); err != nil {
					t.Fatal(err)
				}
			}
			var p plainState
			var verdicts []ulid.ULID
			var times []time.Time
			last := clock.now()
			begin := last
			for step := range steps {
				clock.add(time.Duration(1+w.IntN(300)) * time.Second)
				if w.IntN(15) == 0 {
					clock.add(-time.Duration(w.IntN(20)) * time.Minute)
				}
				p.step(t, w, s, list, &verdicts)
				if w.IntN(12) == 0 {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = open(t, o)
				}
				if w.IntN(10) == 0 {
					s.Sweep()
				}
				if clock.now().After(last) {
					last = clock.now()
				}
				times = append(times, clock.now())
				if w.IntN(4) == 0 {
					at := pick(w, pick(w, times...), begin.Add(time.Duration(w.Int64N(int64(last.Sub(begin)+time.Hour)))), last.Add(time.Hour))
					p.compare(t, w, s, at, false)
					p.compare(t, w, s, last.Add(24*time.Hour), true)
				}
				if t.Failed() {
					t.Fatalf("step %d", step)
				}
			}
			if len(p.labels) == 0 || len(p.exceptions) == 0 || len(p.promotions) == 0 || len(p.settings) == 0 {
				t.Fatal("nothing was done")
			}
			p.compareKept(t, s)
			t.Logf("%d labels, %d exceptions, %d promotions, %d settings", len(p.labels), len(p.exceptions), len(p.promotions), len(p.settings))
		})
	}
}

// step does one thing to both.
func (p *plainState) step(t *testing.T, w *world, s *store.Store, list *store.Procedures, verdicts *[]ulid.ULID) {
	t.Helper()
	author := pick(w, "alice", "bob")
	switch w.IntN(8) {
	case 0, 1:
		v := w.verdict(s.NewID())
		record(t, s, v)
		flush(t, s)
		*verdicts = append(*verdicts, v.ID)
	case 2, 3, 4:
		if len(*verdicts) == 0 {
			return
		}
		id := pick(w, *verdicts...)
		word := pick(w, store.LabelAttack, store.LabelNormal, store.LabelRetracted)
		class := ""
		if word == store.LabelAttack {
			class = pick(w, "", "sqli", "xss")
		}
		if _, err := s.Verdict(ctx, id); errors.Is(err, store.ErrNotFound) {
			return // retention removed it
		}
		held := s.LabelState(id)
		var l store.Label
		_, err := invoke(s, list, "label", author, "", object{"verdict": id.String(), "label": word, "class": class, "note": "n"}, &l)
		if word == store.LabelRetracted && held == "" {
			if err == nil {
				t.Error("a label that is not there was retracted")
			}
			return
		}
		if errors.Is(err, store.ErrNotFound) {
			if _, gone := s.Verdict(ctx, id); errors.Is(gone, store.ErrNotFound) {
				return // retention, which works beside, removed it since
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		p.labels = append(p.labels, store.Label{ID: l.ID, Time: l.Time, Verdict: id, Label: word, Class: class, Note: "n", Author: author})
	case 5:
		if n := len(p.exceptions); n > 0 && w.IntN(2) == 0 {
			x := &p.exceptions[w.IntN(n)]
			var got store.Exception
			_, err := invoke(s, list, "except", author, "", object{"action": "remove", "id": x.ID.String()}, &got)
			if !x.Removed.IsZero() {
				if err == nil || !strings.Contains(err.Error(), "was removed") {
					t.Errorf("removed twice: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			x.Removed, x.RemovedBy = got.Removed, author
			return
		}
		var x store.Exception
		if _, err := invoke(s, list, "except", author, "", object{"action": "add", "kind": "path", "values": []string{"/a*"}}, &x); err != nil {
			t.Fatal(err)
		}
		p.exceptions = append(p.exceptions, x)
	case 6:
		now := p.activeAt(time.Unix(1<<40, 0))
		name, to := "promote", digest(w.IntN(4))
		if w.IntN(2) == 0 {
			name = "rollback"
		}
		var got store.Promotion
		var err error
		if name == "promote" {
			_, err = invoke(s, list, name, author, "", object{"name": "http", "model": to}, &got)
		} else {
			_, err = invoke(s, list, name, author, "", object{"name": "http"}, &got)
		}
		depth := 0
		for _, e := range p.promotions {
			if depth++; e.Action != "promote" {
				depth -= 2
			}
		}
		if name == "promote" && to == now || name == "rollback" && depth == 0 {
			if err == nil {
				t.Errorf("%s to the active model, or of none", name)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		p.promotions = append(p.promotions, got)
	case 7:
		sites := map[string]store.SiteSetting{}
		for _, site := range []string{"a", "b", "a/b"} {
			if w.IntN(2) == 0 {
				sites[site] = store.SiteSetting{Threshold: float64(1+w.IntN(3)) / 4}
			}
		}
		configure, err := list.Get("configure")
		if err != nil {
			t.Fatal(err)
		}
		before := p.thresholdsAt(time.Unix(1<<40, 0))
		if err := s.Configure(ctx, configure, "server", sites, true); err != nil {
			t.Fatal(err)
		}
		page, err := s.Calls(ctx, store.CallQuery{Procedure: "configure", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, site := range []string{"a", "b", "a/b"} {
			old, was := before[site]
			now, is := sites[site]
			if was != is || is && old != now.Threshold {
				p.settings = append(p.settings, plainSetting{page.Calls[0].Time, site, now.Threshold, !is})
			}
		}
	}
}

func (p *plainState) compare(t *testing.T, w *world, s *store.Store, at time.Time, present bool) {
	t.Helper()
	at = at.Truncate(time.Millisecond)
	view := s.At(at)
	if present {
		view = s.At(time.Time{})
	}
	history := w.IntN(2) == 0
	want := p.labelsAt(at, history)
	var got []store.Label
	q := store.LabelQuery{History: history, Limit: 1 + w.IntN(5)}
	for {
		page, err := view.Labels(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Labels...)
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	equal(t, "labels", got, want)
	exceptions, err := view.Exceptions(false)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "exceptions", exceptions, p.exceptionsAt(at))
	active, err := view.Active("http", digest(0))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "active model", active, p.activeAt(at))
	sites, err := view.Sites()
	if err != nil {
		t.Fatal(err)
	}
	thresholds := make(map[string]float64)
	for _, site := range sites {
		thresholds[site.Site] = site.Threshold
	}
	equal(t, "thresholds", thresholds, p.thresholdsAt(at))
	if !present {
		return
	}
	equal(t, "exceptions in memory", s.Exceptions().List, p.exceptionsAt(at))
	held := make(map[ulid.ULID]string)
	for _, l := range p.labelsAt(at, false) {
		held[l.Verdict] = l.Label
	}
	var top ulid.ULID
	for i := range top {
		top[i] = 0xff
	}
	for _, state := range []string{"", store.LabelAttack, store.LabelNormal} {
		var ids []ulid.ULID
		for id, label := range held {
			if state == "" || state == label {
				ids = append(ids, id)
			}
		}
		slices.SortFunc(ids, ulid.ULID.Compare)
		equal(t, "labelled "+state, s.Labelled(ulid.ULID{}, top, state), ids)
	}
	for _, l := range p.labels {
		equal(t, "label state", s.LabelState(l.Verdict), held[l.Verdict])
	}
}

// compareKept compares the rows that outlive their segments.
func (p *plainState) compareKept(t *testing.T, s *store.Store) {
	t.Helper()
	var want []ulid.ULID
	for _, l := range p.labels {
		want = append(want, l.Verdict)
		if v, err := s.Verdict(ctx, l.Verdict); err != nil || v.ID != l.Verdict {
			t.Errorf("labelled verdict %s: %v", l.Verdict, err)
		}
	}
	slices.SortFunc(want, ulid.ULID.Compare)
	got, err := s.Kept()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "kept", got, slices.Compact(want))
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	if g.Kind() == reflect.Slice && g.Len() == 0 && w.Len() == 0 || reflect.DeepEqual(got, want) {
		return
	}
	t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
}

// Ensure that labelled rows and where they come from outlive their segment, also
// when the label did not copy them, and that forgetting removes them.
func TestKeepLabelled(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Clock: clock.now, Span: time.Minute, Retain: time.Hour})
	if err := s.PutModel(modelDigest, "m", []byte(`{"data":[{"name":"set","role":"train","sha256":"ab","rows":7}],"run":{"seed":3,"code":"c0de"}}`), clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := s.PutPolicy(policyDigest, []byte(`{"mode":"block"}`)); err != nil {
		t.Fatal(err)
	}
	var rows []*store.Verdict
	for i := range 10 {
		v := typical(i)
		v.Source = sampleRequest
		record(t, s, v)
		rows = append(rows, v)
		clock.add(20 * time.Second)
	}
	flush(t, s)
	before := make(map[ulid.ULID]*store.Chain)
	for _, i := range []int{0, 4, 9} {
		label(t, s, rows[i].ID, store.LabelAttack, "sqli")
		chain, err := s.Why(ctx, rows[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		before[rows[i].ID] = chain
	}
	label(t, s, rows[4].ID, store.LabelRetracted, "")
	if err := s.DropKept(); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepLabelled(); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepLabelled(); err != nil { // changes nothing
		t.Fatal(err)
	}
	clock.add(2 * time.Hour)
	last := typical(1)
	record(t, s, last)
	flush(t, s)
	s.Sweep()
	if n := len(s.SegmentNames()); n != 1 {
		t.Fatalf("%d segments are left, expected the last", n)
	}
	for i, v := range rows {
		chain, err := s.Why(ctx, v.ID)
		was := before[v.ID]
		if was == nil {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("row %d: %v, expected that it is gone", i, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("labelled row %d: %v", i, err)
			continue
		}
		if i == 4 {
			was.Labels[0].SupersededBy = chain.Labels[1].ID
			was.Labels = append(was.Labels, chain.Labels[1])
		}
		equal(t, "chain", chain, was)
		if run := chain.Lineage[0].Run; run == nil || run.Code != "c0de" || *run.Seed != 3 || run.Data[0].SHA256 != "ab" || len(chain.Missing) > 0 {
			t.Errorf("lineage is %+v, missing %q", chain.Lineage, chain.Missing)
		}
	}
	if n, err := s.ForgetKept(func(v *store.Verdict) bool { return v.ClientIP == rows[0].ClientIP }); err != nil || n != 1 {
		t.Errorf("%d kept rows are forgotten, %v", n, err)
	}
	if _, err := s.Verdict(ctx, rows[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a forgotten row: %v", err)
	}
}

// Ensure that why follows a model to its parents, their data and their labels.
func TestLineage(t *testing.T) {
	s := open(t, store.Options{})
	base := `{"data":[{"name":"set","role":"train","sha256":"ab","rows":7}],"run":{"seed":3,"code":"c0de"}}`
	if err := s.PutModel(digest(0), "base", []byte(base), time.Now()); err != nil {
		t.Fatal(err)
	}
	old := typical(0)
	old.ModelDigest = digest(0)
	record(t, s, old)
	flush(t, s)
	l := label(t, s, old.ID, store.LabelNormal, "")
	adapt := store.NewProcedure("learn", 1, "", func(_ context.Context, tx *store.Txn, _ *struct{}) (string, error) {
		m := &store.NewModel{Digest: digest(1), Name: "child", Manifest: []byte("{}"), Weights: []byte("w")}
		seed := int64(9)
		return m.Digest, tx.PutRun(m, store.Run{Kind: store.RunAdaptation, Model: m.Digest, Parent: digest(0), Seed: &seed, Labels: []ulid.ULID{l.ID}})
	})
	if _, err := s.Invoke(ctx, adapt, store.Invocation{Principal: "alice"}); err != nil {
		t.Fatal(err)
	}
	v := typical(1)
	v.ModelDigest = digest(1)
	record(t, s, v)
	flush(t, s)
	c, err := s.Why(ctx, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Lineage) != 2 || c.Model.Name != "child" || c.Lineage[1].Model.Name != "base" {
		t.Fatalf("lineage is %+v", c.Lineage)
	}
	child, parent := c.Lineage[0], c.Lineage[1]
	if child.Run.Kind != store.RunAdaptation || child.Run.Author != "alice" || *child.Run.Seed != 9 ||
		child.Run.LabelSet != store.LabelSetDigest([]ulid.ULID{l.ID}) || len(child.Labels) != 1 || child.Labels[0].Verdict != old.ID || child.Labels[0].Author != "alice" {
		t.Errorf("child comes from %+v %+v", child.Run, child.Labels)
	}
	if parent.Run.Kind != store.RunTraining || parent.Run.Data[0].SHA256 != "ab" || len(parent.Labels) > 0 {
		t.Errorf("base comes from %+v", parent.Run)
	}
}

// Ensure that a file of the first version is brought up to date with its models'
// runs, and that one without a server says so.
func TestMigrateSchema1(t *testing.T) {
	dir := t.TempDir()
	m := store.ModelRecord{Digest: digest(0), Name: "old", Manifest: []byte(`{"run":{"code":"c0de"}}`), FirstSeen: time.Unix(1e9, 0).UTC()}
	if err := store.WriteSchema1(filepath.Join(dir, "limen.db"), m); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(store.Options{Dir: dir, ReadOnly: true}); !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "start the server once") {
		t.Errorf("read-only: %v", err)
	}
	if active, err := store.ReadActive(dir, "http", digest(0), time.Second); err != nil || active != nil {
		t.Errorf("the promoted model is %v, %v", active, err)
	}
	for range 2 {
		s := open(t, store.Options{Dir: dir})
		line, missing, err := s.At(time.Time{}).Lineage(m.Digest)
		if err != nil || len(line) != 1 || len(missing) > 0 || line[0].Run == nil || line[0].Run.Code != "c0de" {
			t.Errorf("lineage is %+v, %q, %v", line, missing, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Ensure that the promoted model is found without the store being opened, and not
// with another model in the configuration, nor while another process has the file.
func TestReadActive(t *testing.T) {
	dir := t.TempDir()
	if m, err := store.ReadActive(dir, "http", digest(0), time.Second); m != nil || err != nil {
		t.Errorf("an empty folder: %v, %v", m, err)
	}
	s := open(t, store.Options{Dir: dir})
	for i := range 2 {
		if err := s.PutModelFile(digest(i), "m", []byte("{}"), []byte{1, byte(i)}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := invoke(s, procedures(t), "promote", "alice", "", object{"name": "http", "model": digest(1)[:20]}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.ReadActive(dir, "http", digest(0), time.Millisecond); !errors.Is(err, store.ErrLocked) {
		t.Errorf("while the store is open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := store.ReadActive(dir, "http", digest(0), time.Second)
	if err != nil || m == nil || m.Digest != digest(1) || !bytes.Equal(m.Weights, []byte{1, 1}) {
		t.Errorf("promoted is %+v, %v", m, err)
	}
	if m, err := store.ReadActive(dir, "http", digest(7), time.Second); m != nil || err != nil {
		t.Errorf("over another model: %v, %v", m, err)
	}
}

// Ensure that every record comes back as it went in, and that damage is noticed.
func TestRecordCodec(t *testing.T) {
	id, other := ulid.Make(), ulid.Make()
	e := &store.Event{ID: id, Time: time.UnixMilli(int64(id.Time())).UTC(), Kind: "label", Subject: "s", Author: "é", Call: other, Body: json.RawMessage(`{"a":[1]}`)}
	value := store.AppendEvent(e)
	got, err := store.DecodeEvent(id, value)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "event", got, e)
	c := &store.Call{
		ID: id, Time: e.Time, Procedure: "label", Version: 3, Principal: "p", Key: "k", InputDigest: digest(1), Output: json.RawMessage("null"),
		Parents: []string{"a b", "model c"}, Events: []ulid.ULID{id, other}, Micros: 12,
	}
	call := store.AppendCall(c)
	gotCall, err := store.DecodeCall(id, call)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "call", gotCall, c)
	if _, err := store.DecodeEvent(other, value); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("under another ID: %v", err)
	}
	for i := range value {
		broken := bytes.Clone(value)
		broken[i] ^= 0x10
		if _, err := store.DecodeEvent(id, broken); err == nil {
			t.Errorf("byte %d is damaged and not noticed", i)
		}
		if _, err := store.DecodeEvent(id, value[:i]); err == nil {
			t.Errorf("cut at byte %d and not noticed", i)
		}
	}
}

// FuzzRecord decodes what may stand in a file, with a check sum that is right.
func FuzzRecord(f *testing.F) {
	id := ulid.Make()
	e := &store.Event{ID: id, Kind: "label", Subject: "s", Author: "a", Body: json.RawMessage(`{}`)}
	c := &store.Call{ID: id, Procedure: "label", Output: json.RawMessage(`{}`), Parents: []string{"a"}, Events: []ulid.ULID{id}, InputDigest: digest(1)}
	for _, value := range [][]byte{store.AppendEvent(e), store.AppendCall(c), {1}, nil} {
		f.Add(value[:max(0, len(value)-4)])
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		value := store.SealRecord(id, bytes.Clone(record))
		if e, err := store.DecodeEvent(id, value); err == nil && len(e.Body) > 0 {
			again, err := store.DecodeEvent(id, store.AppendEvent(e))
			if err != nil || len(e.Subject) <= 4096 && len(e.Kind) <= 4096 && len(e.Author) <= 4096 && !reflect.DeepEqual(e, again) {
				t.Errorf("%+v becomes %+v, %v", e, again, err)
			}
		}
		if c, err := store.DecodeCall(id, value); err == nil && len(c.Output) > 0 {
			if _, err := store.DecodeCall(id, store.AppendCall(c)); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}

// Ensure that calls are listed by time, procedure, principal and model, page by page.
func TestCalls(t *testing.T) {
	clk := newClock()
	s := open(t, store.Options{Clock: clk.now})
	if err := s.PutModel(modelDigest, "limen", []byte("{}"), clk.now()); err != nil {
		t.Fatal(err)
	}
	ask := store.NewProcedure("ask", 1, "", func(_ context.Context, t *store.Txn, in int) (int, error) {
		if in%2 == 0 {
			t.Parent("model", modelDigest)
		}
		return in, nil
	})
	tell := store.NewProcedure("tell", 1, "", func(_ context.Context, _ *store.Txn, in int) (int, error) { return in, nil })
	begin := clk.now()
	for i := range 12 {
		p, who := ask, "alice"
		if i%3 == 0 {
			p, who = tell, "bob"
		}
		if _, err := s.Invoke(ctx, p, store.Invocation{Principal: who, Input: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
		clk.add(time.Minute)
	}
	middle := begin.Add(5 * time.Minute)
	for _, tt := range []struct {
		q    store.CallQuery
		want int
	}{
		{store.CallQuery{}, 12}, {store.CallQuery{Procedure: "ask"}, 8}, {store.CallQuery{Principal: "bob"}, 4},
		{store.CallQuery{Since: middle}, 7}, {store.CallQuery{Until: middle}, 5}, {store.CallQuery{Since: middle, Until: middle}, 0},
		{store.CallQuery{Model: "limen"}, 4}, {store.CallQuery{Model: modelDigest[:20], Since: middle}, 2},
	} {
		tt.q.Limit = 3
		var ids []ulid.ULID
		for {
			page, err := s.Calls(ctx, tt.q)
			if err != nil {
				t.Fatalf("%+v: %v", tt.q, err)
			}
			for _, c := range page.Calls {
				ids = append(ids, c.ID)
			}
			if tt.q.After = page.Next; tt.q.After == "" {
				break
			}
		}
		if len(ids) != tt.want || !slices.IsSortedFunc(ids, func(a, b ulid.ULID) int { return b.Compare(a) }) {
			t.Errorf("%+v: %d calls, want %d", tt.q, len(ids), tt.want)
		}
	}
	if _, err := s.Calls(ctx, store.CallQuery{Model: "other"}); !errors.Is(err, store.ErrQuery) || !strings.Contains(err.Error(), "limen "+modelDigest) {
		t.Errorf("%v", err)
	}
}
