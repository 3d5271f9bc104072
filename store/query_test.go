package store_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// Ensure that a bad argument is an error that says which and what is allowed.
func TestQueryErrors(t *testing.T) {
	s := open(t, store.Options{})
	if err := s.PutModel(modelDigest, "limen-http", []byte("{}"), time.Now()); err != nil {
		t.Fatal(err)
	}
	record(t, s, &store.Verdict{Class: "mine"})
	for _, c := range []struct {
		q    store.Query
		says []string
	}{
		{store.Query{Decision: "blok"}, []string{`decision "blok"`, "allow, tag or block"}},
		{store.Query{Class: "sqlli"}, []string{`class "sqlli"`, "cmdi, log4shell, mine, none, other, shellshock, sqli, traversal, xss, xxe"}},
		{store.Query{Order: "up"}, []string{`order "up"`, "newest or oldest"}},
		{store.Query{Limit: -1}, []string{"limit -1", "1 to 10000"}},
		{store.Query{Limit: 10001}, []string{"limit 10001", "1 to 10000"}},
		{store.Query{After: "xyz"}, []string{`after "xyz"`, "cursor"}},
		{store.Query{MinScore: 1.5}, []string{"min score 1.5", "0 to 1"}},
		{store.Query{MinScore: math.NaN()}, []string{"min score NaN", "0 to 1"}},
		{store.Query{MaxScore: -1}, []string{"max score -1", "0 to 1"}},
		{store.Query{MinScore: 0.5, MaxScore: 0.4}, []string{"max score 0.4", "below min score 0.5"}},
		{store.Query{Since: time.Unix(100, 0), Until: time.Unix(50, 0)}, []string{"until", "before since"}},
		{store.Query{Labels: "maybe"}, []string{`label "maybe"`, "any, attack, normal or none"}},
		{store.Query{Host: "https://shop.example/"}, []string{`host "https://shop.example/"`, "like shop.example"}},
		{store.Query{Path: "shop"}, []string{`path "shop"`, "like /shop/"}},
		{store.Query{Model: "resnet"}, []string{`model "resnet"`, "limen-http " + modelDigest}},
	} {
		_, err := s.Verdicts(ctx, c.q)
		if !errors.Is(err, store.ErrQuery) {
			t.Errorf("%+v: %v", c.q, err)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
	}
	if _, err := store.ParseID("x"); !errors.Is(err, store.ErrQuery) || !strings.Contains(err.Error(), "26 characters") {
		t.Errorf("%v", err)
	}
	if id, err := store.ParseID(" 01K2Q7Z0AAAAAAAAAAAAAAAAAA\n"); err != nil || id != full().ID {
		t.Errorf("%v, %v", id, err)
	}
}

// Ensure that a model is found by name, digest and the beginning of one.
func TestQueryModel(t *testing.T) {
	s := open(t, store.Options{})
	for i := range 3 {
		if err := s.PutModel(fmt.Sprintf("sha256:%064d", i), fmt.Sprintf("m%d", i%2), []byte("{}"), time.Now()); err != nil {
			t.Fatal(err)
		}
		record(t, s, &store.Verdict{ModelDigest: fmt.Sprintf("sha256:%064d", i)})
	}
	record(t, s, &store.Verdict{ModelDigest: policyDigest})
	flush(t, s)
	for model, want := range map[string]int{"m0": 2, "m1": 1, "sha256:0000": 3, fmt.Sprintf("sha256:%064d", 2): 1, policyDigest: 1, "sha256:" + strings.Repeat("a", 64): 0} {
		if got := len(list(t, s, store.Query{Model: model})); got != want {
			t.Errorf("%s: %d rows, want %d", model, got, want)
		}
	}
}

// Ensure that bounds of time are what they say, to the millisecond.
func TestQueryTime(t *testing.T) {
	clock := newClock()
	s := open(t, store.Options{Clock: clock.now, Span: time.Minute})
	begin := clock.now()
	for range 300 {
		record(t, s, &store.Verdict{})
		clock.add(time.Second)
	}
	flush(t, s)
	for _, c := range []struct {
		since, until time.Duration
		want         int
	}{
		{0, 300 * time.Second, 300}, {0, 1, 1}, {1, 300 * time.Second, 299}, {10 * time.Second, 20 * time.Second, 10},
		{10*time.Second + 1, 20 * time.Second, 9}, {10 * time.Second, 20*time.Second + 1, 11}, {time.Hour, 2 * time.Hour, 0}, {-time.Hour, 0, 0},
		{59 * time.Second, 61 * time.Second, 2}, {5 * time.Second, 5 * time.Second, 0},
	} {
		for _, order := range []string{store.Newest, store.Oldest} {
			got := list(t, s, store.Query{Since: begin.Add(c.since), Until: begin.Add(c.until), Order: order})
			if len(got) != c.want {
				t.Errorf("%s to %s, %s: %d rows, want %d", c.since, c.until, order, len(got), c.want)
			}
		}
	}
	if got := list(t, s, store.Query{Until: time.Unix(-5, 0)}); len(got) != 0 {
		t.Errorf("%d rows before time", len(got))
	}
}

// Ensure that every row that was there when a listing began comes once, while more are
// written, also late ones, and segments are removed.
func TestPagingWhileWriting(t *testing.T) {
	o := store.Options{CommitEvery: time.Millisecond}
	store.SetZoneRows(&o, 8)
	s := open(t, o)
	there := map[ulid.ULID]bool{}
	var late []ulid.ULID
	for i := range 3000 {
		if i%10 == 0 {
			late = append(late, s.NewID())
			continue
		}
		v := record(t, s, &store.Verdict{Host: "a.example", Decision: store.Block})
		there[v.ID] = true
	}
	flush(t, s)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			v := &store.Verdict{Host: "a.example", Decision: store.Block}
			if i < len(late) {
				v.ID = late[i]
			}
			s.Record(v)
			time.Sleep(200 * time.Microsecond)
		}
	}()
	for _, order := range []string{store.Newest, store.Oldest} {
		for _, q := range []store.Query{{}, {Host: "a.example"}} {
			q.Order, q.Limit = order, 7
			seen := map[ulid.ULID]bool{}
			var last ulid.ULID
			found := 0
			for n := 0; n < 2000 && found < len(there); n++ {
				p, err := s.Verdicts(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range p.Verdicts {
					if seen[v.ID] {
						t.Fatalf("%s came twice", v.ID)
					}
					if c := v.ID.Compare(last); !last.IsZero() && (order == store.Oldest) != (c > 0) {
						t.Fatalf("%s after %s", v.ID, last)
					}
					seen[v.ID], last = true, v.ID
					if there[v.ID] {
						found++
					}
				}
				if q.After = p.Next; q.After == "" {
					break
				}
			}
			if found != len(there) {
				t.Errorf("%s %+v: %d of %d rows", order, q, found, len(there))
			}
		}
	}
	close(stop)
	wg.Wait()
}

// Ensure that a query ends with its context, and Each with its function.
func TestQueryEnds(t *testing.T) {
	s := open(t, store.Options{})
	for i := range 5000 {
		record(t, s, typical(i))
	}
	flush(t, s)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Verdicts(ended, store.Query{Path: "/nowhere", MinScore: 0.001}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	stop := errors.New("stop")
	n := 0
	if err := s.Each(ctx, store.Query{}, func(*store.Verdict) error {
		if n++; n == 1500 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) || n != 1500 {
		t.Errorf("%d rows, %v", n, err)
	}
	n = 0
	if err := s.Each(ctx, store.Query{Limit: 2500}, func(*store.Verdict) error { n++; return nil }); err != nil || n != 2500 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// Ensure that writers and readers of every kind get along (for the race detector).
func TestConcurrentUse(t *testing.T) {
	clock := newClock()
	o := store.Options{Clock: clock.now, Span: time.Minute, Retain: 10 * time.Minute, CommitEvery: time.Millisecond}
	store.SetZoneRows(&o, 16)
	s := open(t, o)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	loop := func(fn func(i int)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					fn(i)
				}
			}
		}()
	}
	var id ulid.ULID
	var mu sync.Mutex
	for range 2 {
		loop(func(i int) {
			v := typical(i)
			s.Count(v)
			s.Record(v)
			mu.Lock()
			id = v.ID
			mu.Unlock()
			if i%50 == 0 {
				clock.add(time.Second)
				time.Sleep(time.Millisecond)
			}
		})
	}
	loop(func(int) { _, _ = s.Verdicts(ctx, store.Query{Decision: store.Block}) })
	loop(func(int) {
		mu.Lock()
		last := id
		mu.Unlock()
		if _, err := s.Why(ctx, last); err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
	})
	loop(func(int) { s.Sweep(); _ = s.Stats(); time.Sleep(time.Millisecond) })
	loop(func(i int) { _ = s.PutPolicy(fmt.Sprint("d", i%20), []byte("{}")); time.Sleep(5 * time.Millisecond) })
	time.Sleep(time.Second)
	close(stop)
	wg.Wait()
	if st := s.Stats(); st.Errors != 0 || st.Broken != 0 {
		t.Errorf("%+v", st)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
