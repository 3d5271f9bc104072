package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/limen-waf/limen/store"
)

// detected is a row as an image handler makes it.
func detected(i int) *store.Act {
	return &store.Act{
		Procedure: "detect", Version: 1, Model: "yolox", ModelDigest: modelDigest, PresetDigest: policyDigest,
		InputDigest: "sha256:" + fmt.Sprintf("%064x", i), InputBytes: 540_000, Format: "jpeg", Width: 2400, Height: 1800,
		Device: "cpu", Batch: 4, DecodeMicros: 5100, PreprocessMicros: 700, QueueMicros: 20, InferMicros: 9100, PostMicros: 130,
		Results: []store.ActResult{
			{Label: "dog", Index: 16, Score: 0.82, Box: &[4]float32{133, 207, 325, 542}},
			{Label: "other", Index: 0, Score: 0.11}, {Label: "", Index: -1},
		},
		Found: 3, Decision: store.Allow, Reason: "require dog", Status: 200, Fallback: "out of memory",
		Method: "POST", Host: "www.example.com", Path: "/detect?top=3", ClientIP: "203.0.113.9", Principal: "alice", Server: "srv0",
	}
}

// Ensure that every field of an act's row comes back as it went in.
func TestAct(t *testing.T) {
	s := open(t, store.Options{})
	full := detected(1)
	full.Error, full.Key, full.CallDigest, full.OutputType, full.Output = "no", "k", modelDigest, "application/json", []byte("{}")
	full.Thumbnail = []byte("\xff\xd8\xff\xd9")
	for _, want := range []*store.Act{full, detected(2), {}} {
		if err := s.RecordActSync(ctx, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Act(ctx, want.ID)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
	}
	value := reflect.ValueOf(*full)
	for i := range value.NumField() {
		if value.Field(i).IsZero() {
			t.Errorf("field %s is not tested", value.Type().Field(i).Name)
		}
	}
}

// Ensure that an act that is still queued is found, that secrets of its path are masked
// and its client hidden, and that results and numbers stay within bounds.
func TestActRow(t *testing.T) {
	s := open(t, store.Options{HashClientIPs: true, CommitEvery: time.Hour})
	a := detected(1)
	a.Path = "/detect?token=8d969eef6ecad3c29a3a629280e686cf&top=3"
	for range 40 {
		a.Results = append(a.Results, store.ActResult{Label: strings.Repeat("x", 9000), Score: float32(math.NaN())})
	}
	if !s.RecordAct(a) {
		t.Fatal("not taken")
	}
	got, err := s.Act(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.Path, "8d969eef") || !strings.HasPrefix(got.Path, "/detect?token=") || strings.Contains(got.ClientIP, "203.0.113.9") || got.ClientIP == "" {
		t.Errorf("path %s, client %s", got.Path, got.ClientIP)
	}
	if len(got.Results) != store.MaxActResults || len(got.Results[4].Label) > 5000 {
		t.Errorf("%d results", len(got.Results))
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
	if _, err := s.Act(ctx, s.NewID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := s.Verdict(ctx, a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an act passes for a verdict: %v", err)
	}
	_ = s.Close()
	if _, err := s.Act(ctx, a.ID); !errors.Is(err, store.ErrClosed) {
		t.Errorf("%v", err)
	}
	if s.RecordAct(a) {
		t.Error("a closed store takes a row")
	}
}

// mixed makes a store of three segments with verdicts and acts in the same commits, and
// closes it.
func mixed(t *testing.T) (o store.Options, acts, verdicts []ulid.ULID, segments []string) {
	t.Helper()
	clk := newClock()
	o = store.Options{Dir: t.TempDir(), Clock: clk.now}
	store.SetZoneRows(&o, 16)
	s := open(t, o)
	for range 3 {
		for i := range 100 {
			verdicts = append(verdicts, record(t, s, typical(i)).ID)
			if i%2 == 0 {
				a := detected(i)
				if i%4 == 0 {
					a.Principal, a.ClientIP, a.Procedure, a.Model = "bob", "203.0.113.10", "classify", "resnet"
				}
				if !s.RecordAct(a) {
					t.Fatal("not taken")
				}
				acts = append(acts, a.ID)
			}
			if i%25 == 24 {
				flush(t, s)
			}
			clk.add(time.Second)
		}
		clk.add(time.Hour)
	}
	segments = s.SegmentNames()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return o, acts, verdicts, segments
}

// Ensure that acts are listed page by page and by what was asked for, beside verdicts
// that do not notice them.
func TestActs(t *testing.T) {
	o, acts, verdicts, _ := mixed(t)
	s := open(t, o)
	if got := len(list(t, s, store.Query{})); got != len(verdicts) {
		t.Errorf("%d verdicts, want %d", got, len(verdicts))
	}
	var seen []ulid.ULID
	for q := (store.ActQuery{Limit: 7}); ; {
		page, err := s.Acts(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.Acts {
			seen = append(seen, a.ID)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	slices.Reverse(seen)
	if !slices.Equal(seen, acts) {
		t.Errorf("%d acts listed, want %d, in order", len(seen), len(acts))
	}
	middle := ulid.Time(acts[60].Time())
	for _, tt := range []struct {
		q    store.ActQuery
		want int
	}{
		{store.ActQuery{Procedure: "classify"}, 75}, {store.ActQuery{Model: "yolox"}, 75}, {store.ActQuery{Principal: "bob"}, 75},
		{store.ActQuery{Model: modelDigest}, 150}, {store.ActQuery{Model: "0123"}, 150}, {store.ActQuery{Model: "99"}, 0},
		{store.ActQuery{Decision: store.Block}, 0}, {store.ActQuery{Since: middle}, 90}, {store.ActQuery{Until: middle}, 60},
	} {
		tt.q.Limit = 1000
		if page, err := s.Acts(ctx, tt.q); err != nil || len(page.Acts) != tt.want || page.Next != "" {
			t.Errorf("%+v: %d, %v; want %d", tt.q, len(page.Acts), err, tt.want)
		}
	}
	if _, err := s.Acts(ctx, store.ActQuery{Limit: -1}); !errors.Is(err, store.ErrQuery) {
		t.Errorf("%v", err)
	}
}

// Ensure that the hash chain covers acts: an untouched store verifies, and an act that
// was altered, removed, added or moved among the verdicts is found and named.
func TestVerifyActs(t *testing.T) {
	o, acts, verdicts, segments := mixed(t)
	id, verdict := acts[75], verdicts[150]
	path := filepath.Join(o.Dir, "verdicts", segments[1])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, calls := []byte("rows"), []byte("acts")
	for _, tt := range []struct {
		kind   string
		id     ulid.ULID
		tamper func(tx *bbolt.Tx) error
	}{
		{"", id, func(*bbolt.Tx) error { return nil }},
		{store.ProblemAltered, id, func(tx *bbolt.Tx) error {
			row := bytes.Clone(tx.Bucket(calls).Get(id[:]))
			row[30] ^= 1
			return tx.Bucket(calls).Put(id[:], row)
		}},
		{store.ProblemRemoved, id, func(tx *bbolt.Tx) error { return tx.Bucket(calls).Delete(id[:]) }},
		{store.ProblemRemoved, id, func(tx *bbolt.Tx) error { return tx.DeleteBucket(calls) }},
		{store.ProblemInserted, ulid.ULID{1}, func(tx *bbolt.Tx) error {
			return tx.Bucket(calls).Put((ulid.ULID{1}).Bytes(), bytes.Clone(tx.Bucket(calls).Get(id[:])))
		}},
		{store.ProblemInserted, id, func(tx *bbolt.Tx) error {
			row := bytes.Clone(tx.Bucket(calls).Get(id[:]))
			return errors.Join(tx.Bucket(calls).Delete(id[:]), tx.Bucket(rows).Put(id[:], row))
		}},
		{store.ProblemInserted, verdict, func(tx *bbolt.Tx) error {
			row := bytes.Clone(tx.Bucket(rows).Get(verdict[:]))
			return errors.Join(tx.Bucket(rows).Delete(verdict[:]), tx.Bucket(calls).Put(verdict[:], row))
		}},
	} {
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		edit(t, path, tt.tamper)
		ro := o
		ro.ReadOnly = true
		s := open(t, ro)
		r := verify(t, s, store.VerifyOptions{})
		named := slices.ContainsFunc(r.Problems, func(p store.Problem) bool { return p.Kind == tt.kind && p.ID == tt.id.String() })
		switch {
		case tt.kind == "" && (r.Found != 0 || r.Rows != len(acts)+len(verdicts)):
			t.Errorf("untouched: %d rows%s", r.Rows, problems(r))
		case tt.kind != "" && !named:
			t.Errorf("%s of %s is not among %s", tt.kind, tt.id, problems(r))
		}
		if tt.kind == store.ProblemAltered {
			if _, err := s.Act(ctx, id); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("altered: %v", err)
			}
			if page, err := s.Acts(ctx, store.ActQuery{Limit: 1000}); err != nil || page.Unreadable != 1 || len(page.Acts) != len(acts)-1 {
				t.Errorf("altered: %v, %d unreadable", err, page.Unreadable)
			}
		}
		_ = s.Close()
	}
}

// Ensure that a thumbnail lies with its row alone: it is found by the row's id and not
// listed, is covered by the hash chain, bounded, and goes with the row.
func TestActThumbnail(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	jpeg := bytes.Repeat([]byte("a face "), 700)
	a, big := detected(1), detected(2)
	a.Thumbnail, big.Thumbnail = jpeg, make([]byte, store.MaxActThumbnail+1)
	if err := errors.Join(s.RecordActSync(ctx, a), s.RecordActSync(ctx, big)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Act(ctx, a.ID)
	if err != nil || !bytes.Equal(got.Thumbnail, jpeg) {
		t.Errorf("%d bytes, %v", len(got.Thumbnail), err)
	}
	if got, err := s.Act(ctx, big.ID); err != nil || got.Thumbnail != nil || got.Found != big.Found {
		t.Errorf("too big: %d bytes, %v", len(got.Thumbnail), err)
	}
	page, err := s.Acts(ctx, store.ActQuery{})
	if err != nil || len(page.Acts) != 2 || page.Acts[0].Thumbnail != nil || page.Acts[1].Thumbnail != nil {
		t.Errorf("%+v, %v", page, err)
	}
	if raw, err := json.Marshal(got); err != nil || bytes.Contains(raw, []byte("humbnail")) {
		t.Errorf("%s, %v", raw, err)
	}
	if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 || r.Rows != 2 {
		t.Errorf("%+v", r)
	}
	if _, err := s.Forget(ctx, store.Person{Principal: "alice"}, "operator", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Act(ctx, a.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("forgotten: %v", err)
	}
	segments := s.SegmentNames()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range segments {
		raw, err := os.ReadFile(filepath.Join(o.Dir, "verdicts", name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, jpeg[:70]) {
			t.Errorf("segment %s still has the thumbnail", name)
		}
	}
}

// Ensure that Forget takes a person's acts too, and that the chain still verifies.
func TestForgetActs(t *testing.T) {
	o, acts, verdicts, _ := mixed(t)
	s := open(t, o)
	for i, p := range []store.Person{{Principal: "bob"}, {ClientIP: "203.0.113.9"}} {
		f, err := s.Forget(ctx, p, "operator", nil)
		if err != nil || f.Rows != 75 {
			t.Fatalf("%+v, %v", f, err)
		}
		if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 || r.Forgotten != 75*(i+1) || r.Rows != len(verdicts)+len(acts)-75*(i+1) {
			t.Errorf("%+v%s", r, problems(r))
		}
	}
	if page, err := s.Acts(ctx, store.ActQuery{}); err != nil || len(page.Acts) != 0 {
		t.Errorf("%d acts are left, %v", len(page.Acts), err)
	}
	if got := len(list(t, s, store.Query{})); got != len(verdicts) {
		t.Errorf("%d verdicts, want %d", got, len(verdicts))
	}
}

// Ensure that retention takes acts with their segment, and that a store of acts alone
// does without verdicts.
func TestActRetention(t *testing.T) {
	clk := newClock()
	s := open(t, store.Options{Clock: clk.now, Retain: 24 * time.Hour})
	old := detected(1)
	for i := range 3 {
		if err := s.RecordActSync(ctx, old); err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			old = detected(i)
			clk.add(10 * time.Hour)
		}
	}
	first, err := s.Acts(ctx, store.ActQuery{})
	if err != nil || len(first.Acts) != 3 {
		t.Fatalf("%d acts, %v", len(first.Acts), err)
	}
	clk.add(15 * time.Hour)
	if err := s.SetLimits(24*time.Hour, 0); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for len(s.SegmentNames()) > 2 && time.Now().Before(deadline) {
		time.Sleep(2 * time.Millisecond)
	}
	if _, err := s.Act(ctx, first.Acts[2].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the oldest: %v", err)
	}
	if _, err := s.Act(ctx, first.Acts[0].ID); err != nil {
		t.Errorf("the newest: %v", err)
	}
	if r := verify(t, s, store.VerifyOptions{}); r.Found != 0 {
		t.Error(problems(r))
	}
}

// Ensure that a call with a key is made once, also by duplicates at the same time and
// after a restart, and that another call with the key is refused.
func TestInvokeAct(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	s := open(t, o)
	var runs atomic.Int32
	run := func(context.Context) (*store.Act, error) {
		n := runs.Add(1)
		time.Sleep(5 * time.Millisecond)
		a := detected(1)
		a.ID = s.NewID()
		a.OutputType, a.Output = "application/json", fmt.Appendf(nil, `{"id":%q,"run":%d}`, a.ID, n)
		return a, nil
	}
	inv := store.ActInvocation{Principal: "alice", Key: "k1", CallDigest: modelDigest}
	broken := errors.New("broken picture")
	if _, _, err := s.InvokeAct(ctx, inv, func(context.Context) (*store.Act, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var wait sync.WaitGroup
	var stored atomic.Int32
	outputs := make([]string, 16)
	for i := range outputs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			a, again, err := s.InvokeAct(ctx, inv, run)
			if err != nil {
				t.Error(err)
				return
			}
			if again {
				stored.Add(1)
			}
			outputs[i] = string(a.Output)
		}()
	}
	wait.Wait()
	if runs.Load() != 1 || stored.Load() != 15 || len(slices.Compact(outputs)) != 1 {
		t.Errorf("%d runs, %d stored, outputs %q", runs.Load(), stored.Load(), outputs)
	}
	other := inv
	other.CallDigest = policyDigest
	if _, _, err := s.InvokeAct(ctx, other, run); !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), "detect") {
		t.Errorf("%v", err)
	}
	other = inv
	other.Principal = "bob"
	if _, again, err := s.InvokeAct(ctx, other, run); err != nil || again {
		t.Errorf("another's key: %t, %v", again, err)
	}
	for _, bad := range []store.ActInvocation{{Principal: "a", CallDigest: "x"}, {Key: "k", CallDigest: "x"}, {Principal: "a", Key: "k"}, {Principal: "a", Key: "k k", CallDigest: "x"}} {
		if _, _, err := s.InvokeAct(ctx, bad, run); !errors.Is(err, store.ErrQuery) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// The keys of calls and of acts are the same ones.
	label := store.NewProcedure("echo", 1, "", func(_ context.Context, _ *store.Txn, in string) (string, error) { return in, nil })
	if _, err := s.Invoke(ctx, label, store.Invocation{Principal: "alice", Key: "k1", Input: []byte(`"x"`)}); !errors.Is(err, store.ErrKey) {
		t.Errorf("%v", err)
	}
	if _, err := s.Invoke(ctx, label, store.Invocation{Principal: "alice", Key: "k2", Input: []byte(`"x"`)}); err != nil {
		t.Error(err)
	}
	other = inv
	other.Key = "k2"
	if _, _, err := s.InvokeAct(ctx, other, run); !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), "echo") {
		t.Errorf("%v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	a, again, err := s.InvokeAct(ctx, inv, run)
	if err != nil || !again || string(a.Output) != outputs[0] || a.Key != "k1" {
		t.Errorf("after a restart: %+v, %t, %v", a, again, err)
	}
	// Forgotten with the row, the key is free.
	if _, err := s.Forget(ctx, store.Person{Principal: "alice"}, "operator", nil); err != nil {
		t.Fatal(err)
	}
	if _, again, err := s.InvokeAct(ctx, inv, run); err != nil || again {
		t.Errorf("forgotten: %t, %v", again, err)
	}
}

// Ensure that a procedure whose calls are acts is in the registry with the others, and is
// not called as they are.
func TestActProcedure(t *testing.T) {
	s := open(t, store.Options{})
	detect := store.NewActProcedure("detect", 2, "finds objects")
	echo := store.NewProcedure("echo", 1, "", func(_ context.Context, _ *store.Txn, in string) (string, error) { return in, nil })
	r, err := store.NewProcedures(echo, detect)
	if err != nil {
		t.Fatal(err)
	}
	if list := r.List(); len(list) != 2 || list[0] != detect.Info() || !list[0].Acts || list[0].Version != 2 || list[1].Acts {
		t.Errorf("%+v", list)
	}
	p, err := r.Get("detect")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Invoke(ctx, p, store.Invocation{Principal: "alice"}); !errors.Is(err, store.ErrOptions) || !strings.Contains(err.Error(), "InvokeAct") {
		t.Errorf("%v", err)
	}
	if err := s.PutProcedure(p.Info()); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Procedures(); err != nil || len(list) != 1 || !list[0].Acts || list[0].FirstSeen.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := store.NewProcedures(detect, store.NewActProcedure("detect", 3, "")); !errors.Is(err, store.ErrOptions) {
		t.Errorf("%v", err)
	}
}

// Ensure that a key lives KeyLife, and that an output too long to keep is not kept.
func TestInvokeActLimits(t *testing.T) {
	clk := newClock()
	s := open(t, store.Options{Clock: clk.now})
	inv := store.ActInvocation{Principal: "alice", Key: "k1", CallDigest: modelDigest}
	call := func(n int) (size int, again bool) {
		t.Helper()
		a, again, err := s.InvokeAct(ctx, inv, func(context.Context) (*store.Act, error) {
			return &store.Act{Procedure: "infer", Output: make([]byte, n)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(a.Output), again
	}
	const long = store.MaxActOutput + 1
	for range 2 {
		if n, again := call(long); n != long || again {
			t.Errorf("long: %d, %t", n, again)
		}
	}
	if n, again := call(5); n != 5 || again {
		t.Errorf("first: %d, %t", n, again)
	}
	if n, again := call(9); n != 5 || !again {
		t.Errorf("again: %d, %t", n, again)
	}
	clk.add(store.KeyLife + time.Second)
	if n, again := call(9); n != 9 || again {
		t.Errorf("expired: %d, %t", n, again)
	}
}

// Ensure that an act's chain has its model and its preset, and says what is missing.
func TestWhyAct(t *testing.T) {
	s := open(t, store.Options{})
	a := detected(1)
	if err := s.RecordActSync(ctx, a); err != nil {
		t.Fatal(err)
	}
	c, err := s.WhyAct(ctx, a.ID)
	if err != nil || len(c.Missing) != 2 || c.Model != nil || c.Preset != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if err := errors.Join(s.PutModel(modelDigest, "yolox", []byte("{}"), time.Now()), s.PutPolicy(policyDigest, []byte(`{"width":416}`))); err != nil {
		t.Fatal(err)
	}
	if c, err = s.WhyAct(ctx, a.ID); err != nil || len(c.Missing) != 0 || c.Model.Name != "yolox" || string(c.Preset.Policy) != `{"width":416}` {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := s.WhyAct(ctx, s.NewID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	for range 2 {
		if err := s.PutProcedure(store.ProcedureInfo{Name: "detect", Version: 1, About: "finds objects"}); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.Procedures(); err != nil || len(list) != 1 || list[0].About != "finds objects" || list[0].FirstSeen.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

// Ensure that no bytes make the decoder of an act panic, that what it takes has a form in
// JSON, and that from then on it is written the same way, field by field.
func FuzzAct(f *testing.F) {
	f.Add(store.ActRow(detected(1)))
	f.Add(store.ActRow(&store.Act{Output: []byte("x")}))
	f.Add(store.ActRow(&store.Act{Procedure: "detect", Thumbnail: []byte("\xff\xd8\xff\xd9")}))
	f.Add([]byte{0x81, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, row []byte) {
		a, err := store.DecodeActRow(row)
		if err != nil {
			return
		}
		if _, err := json.Marshal(a); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		again := store.ActRow(a)
		b, err := store.DecodeActRow(again)
		if err != nil {
			t.Fatalf("its own row is refused: %v", err)
		}
		if third := store.ActRow(b); !bytes.Equal(third, again) {
			t.Fatalf("%+v became %+v", a, b)
		}
		if fitsRow(a) && !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v became %+v", a, b)
		}
	})
}

// fitsRow says whether a row keeps all of an act: long texts are cut, and results left out.
func fitsRow(a *store.Act) bool {
	const longest = 4096
	if len(a.Results) > store.MaxActResults || len(a.Thumbnail) > store.MaxActThumbnail {
		return false
	}
	for _, r := range a.Results {
		if len(r.Label) > longest {
			return false
		}
	}
	v := reflect.ValueOf(*a)
	for i := range v.NumField() {
		if x := v.Field(i); x.Kind() == reflect.String && x.Len() > longest {
			return false
		}
	}
	return true
}

func BenchmarkRecordAct(b *testing.B) {
	s := open(b, store.Options{})
	a := detected(1)
	for b.Loop() {
		a.ID = ulid.ULID{}
		for !s.RecordAct(a) {
			flush(b, s)
		}
	}
	flush(b, s)
}

// Ensure that a row is found from the moment on at which it was taken: queued, being written,
// or on disk.
func TestFoundAtOnce(t *testing.T) {
	o := store.Options{CommitEvery: 50 * time.Microsecond}
	store.SetNoSync(&o)
	s := open(t, o)
	for i := range 2000 {
		a, v := detected(i), typical(i)
		if !s.RecordAct(a) || !s.Record(v) {
			t.Fatal("not taken")
		}
		if i%2 == 0 {
			time.Sleep(time.Duration(i%100) * 2 * time.Microsecond)
		}
		if _, err := s.Act(ctx, a.ID); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
		if _, err := s.Verdict(ctx, v.ID); err != nil {
			t.Fatalf("verdict %d: %v", i, err)
		}
	}
}
