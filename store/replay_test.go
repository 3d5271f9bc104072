package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// A candidate that scores by the request's own bytes.
func scoreOfBytes(_ context.Context, _ *store.Verdict, r *store.Request) (store.Judgement, error) {
	sum := sha256.Sum256([]byte(r.Target + string(r.Body)))
	j := store.Judgement{Score: float64(binary.LittleEndian.Uint32(sum[:])) / math.MaxUint32, Class: "none", Threshold: 0.9}
	if j.Score >= 0.9 {
		j.Class = []string{"sqli", "xss"}[sum[9]%2]
	}
	return j, nil
}

// recorded makes rows of every kind and returns what a replay has to count.
func recorded(t testing.TB, s *store.Store, n int) (ids []ulid.ULID, want store.ReplayCounts) {
	t.Helper()
	ids = spread(t, s, aDay, n, func(i int, v *store.Verdict) {
		request := store.Request{Method: "GET", Target: v.Path, Headers: []store.Header{{Name: "Host", Value: v.Host}}}
		v.Source = &request
		want.Rows++
		switch i % 20 {
		case 3:
			v.Source = nil
			want.NotKept++
			return
		case 5:
			v.RequestCut = 77
			want.Cut++
			return
		case 7:
			v.Exception = "path /x"
			want.Excepted++
			return
		case 11:
			v.Fallback = "deadline"
			want.Fallback++
			return
		case 13:
			v.Source, v.Request = nil, []byte("what is this")
			want.Unparsed++
			return
		}
		want.Scored++
		now, _ := scoreOfBytes(context.Background(), v, &request)
		was := v.Score >= v.Threshold
		switch {
		case was && now.Score >= now.Threshold:
			want.Flagged++
			want.FlaggedNow++
		case was:
			want.Flagged++
			want.Cleared++
		case now.Score >= now.Threshold:
			want.FlaggedNow++
			want.New++
		}
	})
	return ids, want
}

func newReplay(t testing.TB, s *store.Store, q store.Query) *store.Replay {
	t.Helper()
	bounds, err := s.Bounds(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return &store.Replay{ID: s.NewID(), Model: "m", ModelDigest: "sha256:other", Range: bounds, Limit: 7}
}

func options(workers int) store.ReplayOptions {
	return store.ReplayOptions{Workers: workers, NewRescorer: func() store.Rescorer { return scoreOfBytes }}
}

// result is what a replay says, without its times.
func result(t testing.TB, p *store.Replay) string {
	t.Helper()
	q := *p
	q.ID, q.Started, q.Updated, q.BusyMicros = ulid.ULID{}, time.Time{}, time.Time{}, 0
	raw, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Ensure that a replay counts every row once, on any number of workers alike, and
// that its examples are those whose score changed most.
func TestReplay(t *testing.T) {
	s := open(t, store.Options{})
	_, want := recorded(t, s, 4000)
	first := newReplay(t, s, store.Query{})
	if err := s.Replay(context.Background(), first, options(1)); err != nil {
		t.Fatal(err)
	}
	if first.Counts != want {
		t.Errorf("counts are %+v\nexpected %+v", first.Counts, want)
	}
	if want.New < 100 || want.Cleared < 10 {
		t.Fatalf("the rows say little: %+v", want)
	}
	if !first.Done || first.Cursor != first.Range.Last {
		t.Errorf("the replay is done: %v, at %v of %v", first.Done, first.Cursor, first.Range)
	}
	var sum store.FlipCounts
	for _, c := range first.Hosts {
		sum.Scored, sum.New, sum.Cleared = sum.Scored+c.Scored, sum.New+c.New, sum.Cleared+c.Cleared
	}
	if sum != (store.FlipCounts{Scored: want.Scored, New: want.New, Cleared: want.Cleared}) || len(first.Hosts) != 7 {
		t.Errorf("hosts sum up to %+v", sum)
	}
	if c := first.Classes["sqli"]; c == nil || c.New == 0 || first.Classes["none"].New != 0 {
		t.Errorf("classes are %v", first.Classes)
	}
	if len(first.New) != 7 || len(first.Cleared) != 7 {
		t.Fatalf("%d and %d examples", len(first.New), len(first.Cleared))
	}
	least := first.New[6].Candidate.Score - first.New[6].Recorded.Score
	larger := 0
	err := s.Each(context.Background(), store.Query{Order: store.Oldest}, func(v *store.Verdict) error {
		r, err := store.ParseRequest(v.Request)
		if err != nil || v.Exception != "" || v.Fallback != "" || v.RequestCut != 0 || v.Score >= v.Threshold {
			return nil
		}
		if now, _ := scoreOfBytes(context.Background(), v, r); now.Score >= 0.9 && now.Score-v.Score > least {
			larger++
		}
		return nil
	})
	if err != nil || larger != 6 {
		t.Errorf("%d rows changed more than the last example, expected 6: %v", larger, err)
	}
	for _, workers := range []int{2, 5} {
		p := newReplay(t, s, store.Query{})
		if err := s.Replay(context.Background(), p, options(workers)); err != nil {
			t.Fatal(err)
		}
		if got, want := result(t, p), result(t, first); got != want {
			t.Errorf("%d workers:\n%s\none:\n%s", workers, got, want)
		}
	}
}

// Ensure that a replay that is interrupted again and again ends up like one that is
// not, from what was saved.
func TestReplayResumes(t *testing.T) {
	s := open(t, store.Options{})
	recorded(t, s, 4000)
	q := store.Query{Since: aDay.Add(5 * time.Minute)}
	whole := newReplay(t, s, q)
	o := options(1)
	o.Query = q
	if err := s.Replay(context.Background(), whole, o); err != nil {
		t.Fatal(err)
	}
	p := newReplay(t, s, q)
	runs := 0
	for ; !p.Done && runs < 100; runs++ {
		ctx, cancel := context.WithCancel(context.Background())
		var scored atomic.Int64
		o := options(3)
		o.Query = q
		o.NewRescorer = func() store.Rescorer {
			return func(ctx context.Context, v *store.Verdict, r *store.Request) (store.Judgement, error) {
				if scored.Add(1) == 700 {
					cancel()
				}
				if err := ctx.Err(); err != nil {
					return store.Judgement{}, err
				}
				return scoreOfBytes(ctx, v, r)
			}
		}
		o.Save = func(p *store.Replay) {
			if err := s.SaveReplay(p); err != nil {
				t.Error(err)
			}
		}
		err := s.Replay(ctx, p, o)
		cancel()
		if err != nil && !store.Interrupted(err) {
			t.Fatal(err)
		}
		if p, err = s.LoadReplay(p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if runs < 3 {
		t.Errorf("it took %d runs: it was not interrupted", runs)
	}
	if got, want := result(t, p), result(t, whole); got != want {
		t.Errorf("interrupted:\n%s\nwhole:\n%s", got, want)
	}
	kept, err := s.Replays()
	if err != nil || len(kept) != 1 || kept[0].ID != p.ID {
		t.Errorf("%d replays are kept, expected the one that was saved: %v", len(kept), err)
	}
}

// Ensure that scores of the same model are held against the recorded ones, bit for
// bit, and that a request that is stored as it came has to have its own.
func TestReplaySameModel(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 300, func(i int, v *store.Verdict) {
		r := &store.Request{Method: "GET", Target: v.Path}
		v.Source, v.RequestDigest = r, ""
		v.Engine, v.Device, v.ModelDigest = "native", "cpu", modelDigest
		now, _ := scoreOfBytes(context.Background(), v, r)
		v.Score = now.Score
		switch i % 3 {
		case 1: // something is masked, which makes another score
			r.Headers = []store.Header{{Name: "Cookie", Value: "session=c0ffee"}}
			v.Score = math.Nextafter(v.Score, 1)
		case 2:
			v.Device = "cuda:0"
		}
		if i == 150 {
			v.Score += 1e-3
		}
	})
	p := newReplay(t, s, store.Query{})
	p.ModelDigest, p.Engine, p.Device = modelDigest, "native", "cpu"
	if err := s.Replay(context.Background(), p, options(1)); err != nil {
		t.Fatal(err)
	}
	c := p.Counts
	if c.SameModel != 200 || c.Identical != 99 || c.Verbatim != 100 || c.Mismatched != 1 || math.Abs(c.MaxDifference-1e-3) > 1e-9 {
		t.Errorf("counts are %+v", c)
	}
}

// Ensure that an error of the candidate ends a replay and names the row, and that bad
// arguments are refused.
func TestReplayErrors(t *testing.T) {
	s := open(t, store.Options{})
	ids, _ := recorded(t, s, 1000)
	o := options(2)
	broken := errors.New("engine broke")
	o.NewRescorer = func() store.Rescorer {
		return func(ctx context.Context, v *store.Verdict, r *store.Request) (store.Judgement, error) {
			if v.ID == ids[600] {
				return store.Judgement{}, broken
			}
			return scoreOfBytes(ctx, v, r)
		}
	}
	p := newReplay(t, s, store.Query{})
	err := s.Replay(context.Background(), p, o)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), ids[600].String()) || p.Done {
		t.Errorf("got %v, expected the engine's error and the row", err)
	}
	if p.Cursor != ids[599] {
		t.Errorf("the cursor is %v, expected the row before the failure, %v", p.Cursor, ids[599])
	}
	p.Limit = -1
	if err := s.Replay(context.Background(), p, o); !errors.Is(err, store.ErrQuery) {
		t.Errorf("examples -1: %v", err)
	}
	if _, err := s.LoadReplay(ids[0]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("loading an unknown replay: %v", err)
	}
}

// Ensure that hosts, which clients may invent, are counted in bounded memory.
func TestReplayHosts(t *testing.T) {
	s := open(t, store.Options{})
	spread(t, s, aDay, 1200, func(i int, v *store.Verdict) {
		v.Host = "h" + v.ID.String()
		v.Source = &store.Request{Method: "GET", Target: "/"}
	})
	p := newReplay(t, s, store.Query{})
	if err := s.Replay(context.Background(), p, options(1)); err != nil {
		t.Fatal(err)
	}
	if len(p.Hosts) != 1000 || p.OtherHosts.Scored != 200 {
		t.Errorf("%d hosts, %d rows of others", len(p.Hosts), p.OtherHosts.Scored)
	}
}
