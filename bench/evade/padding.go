package evade

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evasion"
)

// PaddingOptions are those of a padding run.
type PaddingOptions struct {
	// Sizes are the filler's sizes in bytes; each request has up to 997 bytes
	// more, so that nothing falls on a boundary.
	Sizes []int
	Seed  uint64
	// BodyLimit is the most bytes of a body that are read, as the handler's
	// body_limit; 0 means all.
	BodyLimit int
	// Out takes the lost requests as JSON Lines, without their filler; may be nil.
	Out      io.Writer
	Progress io.Writer
}

// PaddingReport is the outcome of a padding run.
type PaddingReport struct {
	Model     string  `json:"model"`
	Threshold float64 `json:"threshold"`
	Seed      uint64  `json:"seed"`
	BodyLimit int     `json:"body_limit,omitempty"`
	Payloads  int     `json:"payloads"`
	// Overall and the others count padded requests whose unpadded twin is caught.
	Overall Count   `json:"overall"`
	Sizes   []Count `json:"sizes"`
	Types   []Count `json:"types"`
	Wheres  []Count `json:"wheres"`
	Insides []Count `json:"insides"`
	Fillers []Count `json:"fillers"`
	Classes []Count `json:"classes"`
	// Alone counts requests of filler and no payload that are flagged: catches
	// that the payload does not explain.
	Alone   Count   `json:"alone"`
	Lost    []Lost  `json:"lost,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Lost is a padded request that is not caught any more.
type Lost struct {
	ID      string  `json:"id"`
	Class   string  `json:"class"`
	Payload string  `json:"payload"`
	Size    int     `json:"size"`
	Type    string  `json:"type"`
	Where   string  `json:"where"`
	Inside  bool    `json:"inside"`
	Filler  string  `json:"filler"`
	Before  float64 `json:"before"`
	Score   float64 `json:"score"`
}

// padded is one request's outcome.
type padded struct {
	Lost
	caught, held bool
}

// Padding buries each payload in filler: every size, body type and side, the
// kind of filler and whether it stands in the same value drawn.
func Padding(ctx context.Context, m *Model, payloads []Payload, o PaddingOptions) (*PaddingReport, error) {
	started := time.Now()
	score := m.Scorer(ctx)
	limited := func(p *evasion.Padded) *classifier.Request {
		r := p.Request()
		if o.BodyLimit > 0 && len(r.Body) > o.BodyLimit {
			r.BodySize = int64(len(r.Body))
			r.Body = r.Body[:o.BodyLimit]
		}
		return r
	}
	var lock sync.Mutex
	alone := Count{Name: "filler alone"}
	all := make([][]padded, len(payloads))
	err := each(ctx, len(payloads), "padding", o.Progress, func(i int) error {
		p := &payloads[i]
		seed := seedOf(o.Seed, p)
		r := rand.New(rand.NewPCG(seed, 9))
		for _, t := range evasion.BodyTypes() {
			if !t.Fits(p.Text) {
				continue
			}
			before, caught, err := score(evasion.Pad(p.Text, t, evasion.Before, false, evasion.Prose, 0, seed).Request())
			if err != nil {
				return err
			}
			if !caught {
				all[i] = append(all[i], padded{Lost: Lost{Type: t.String()}})
				continue
			}
			for _, size := range o.Sizes {
				for _, w := range evasion.Wheres() {
					f, inside := evasion.Fillers()[r.IntN(len(evasion.Fillers()))], t == evasion.TextBody || r.IntN(2) == 0
					n := size + 1 + r.IntN(997)
					after, hit, err := score(limited(evasion.Pad(p.Text, t, w, inside, f, n, seed)))
					if err != nil {
						return fmt.Errorf("%s: %w", p.ID, err)
					}
					all[i] = append(all[i], padded{Lost{p.ID, p.Class, p.Text, size, t.String(), w.String(), inside, f.String(), before, after}, true, hit})
					if r.IntN(8) != 0 {
						continue
					}
					_, flagged, err := score(limited(evasion.Pad("summer", t, w, inside, f, n, seed)))
					if err != nil {
						return err
					}
					lock.Lock()
					alone.Caught++
					alone.Tried++
					if flagged {
						alone.Held++
					}
					lock.Unlock()
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &PaddingReport{Model: m.Model().Manifest.Name + "@" + m.Model().ShortDigest(), Threshold: m.Policy.Threshold, Seed: o.Seed, BodyLimit: o.BodyLimit, Payloads: len(payloads), Alone: alone}
	out.Alone.interval()
	out.tally(slices.Concat(all...))
	out.Seconds = time.Since(started).Seconds()
	if o.Out != nil {
		err = out.write(o.Out, payloads, o.Seed)
	}
	return out, err
}

// tally counts padded requests.
func (r *PaddingReport) tally(all []padded) {
	groups := [6]map[string]*Count{{}, {}, {}, {}, {}, {}}
	r.Overall.Name = "all"
	for i := range all {
		p := &all[i]
		if !p.caught {
			continue // its unpadded twin is not caught
		}
		counts := []*Count{&r.Overall}
		inside := "in a field of its own"
		if p.Inside {
			inside = "in the payload's value"
		}
		for g, key := range []string{fmt.Sprintf("%4d KiB", p.Size>>10), p.Type, p.Where, inside, p.Filler, p.Class} {
			if groups[g][key] == nil {
				groups[g][key] = &Count{Name: key}
			}
			counts = append(counts, groups[g][key])
		}
		for _, c := range counts {
			c.Tried++
			c.Caught++
			if p.held {
				c.Held++
			}
		}
		if !p.held {
			r.Lost = append(r.Lost, p.Lost)
		}
	}
	r.Overall.interval()
	for g, to := range []*[]Count{&r.Sizes, &r.Types, &r.Wheres, &r.Insides, &r.Fillers, &r.Classes} {
		for _, key := range sortedKeys(groups[g]) {
			groups[g][key].interval()
			*to = append(*to, *groups[g][key])
		}
	}
}

// write writes the lost payloads unpadded, with what was done to them.
func (r *PaddingReport) write(w io.Writer, payloads []Payload, seed uint64) error {
	byID := map[string]*Payload{}
	for i := range payloads {
		byID[payloads[i].ID] = &payloads[i]
	}
	types := map[string]evasion.BodyType{}
	for _, t := range evasion.BodyTypes() {
		types[t.String()] = t
	}
	b := bufio.NewWriter(w)
	for _, l := range r.Lost {
		p := byID[l.ID]
		line, err := recordLine(p, evasion.Pad(p.Text, types[l.Type], evasion.Before, false, evasion.Prose, 0, seedOf(seed, p)).Request(), map[string]any{"lost": l})
		if err != nil {
			return err
		}
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	return b.Flush()
}

// Markdown is the report as tables.
func (r *PaddingReport) Markdown() string {
	var b strings.Builder
	limit := ""
	if r.BodyLimit > 0 {
		limit = fmt.Sprintf(", of which the first %d bytes of a body are read", r.BodyLimit)
	}
	fmt.Fprintf(&b, "**padding**, model %s at threshold %v, seed %d: of %d padded requests%s, whose unpadded twins are caught, %d are caught: %s (95 %% interval %s). Filler alone is flagged in %d of %d. %.0f s.\n\n",
		r.Model, r.Threshold, r.Seed, r.Overall.Caught, limit, r.Overall.Held, report.Percent(r.Overall.Held, r.Overall.Caught),
		report.PercentInterval(r.Overall.Held, r.Overall.Caught), r.Alone.Held, r.Alone.Caught, r.Seconds)
	t := report.Table{Titles: []string{" padded", " by", "requests", "caught", "share", "95 % interval"}}
	for _, group := range []struct {
		title  string
		counts []Count
	}{{"size", r.Sizes}, {"body", r.Types}, {"side", r.Wheres}, {"filler stands", r.Insides}, {"filler", r.Fillers}, {"class", r.Classes}} {
		for _, c := range group.counts {
			t.Row(group.title, strings.TrimSpace(c.Name), c.Caught, c.Held, report.Percent(c.Held, c.Caught), report.PercentInterval(c.Held, c.Caught))
		}
	}
	b.WriteString(t.String())
	b.WriteString(r.lostTable())
	return b.String()
}

// lostTable is a row for each payload that was lost, the most often lost first.
func (r *PaddingReport) lostTable() string {
	byID := map[string][]Lost{}
	for _, l := range r.Lost {
		byID[l.ID] = append(byID[l.ID], l)
	}
	ids := sortedKeys(byID)
	slices.SortStableFunc(ids, func(a, b string) int { return len(byID[b]) - len(byID[a]) })
	if len(ids) == 0 {
		return ""
	}
	t := report.Table{Titles: []string{" lost", " class", " payload", "times", "lowest score", " with"}}
	for _, id := range ids[:min(len(ids), 40)] {
		worst := slices.MinFunc(byID[id], func(a, b Lost) int { return cmp.Compare(a.Score, b.Score) })
		stands := "in a field of its own"
		if worst.Inside {
			stands = "in the same value"
		}
		t.Row(id, worst.Class, fmt.Sprintf("%q", cut(worst.Payload, 60)), len(byID[id]), fmt.Sprintf("%.3f", worst.Score),
			fmt.Sprintf("%d KiB of %s %s, %s, %s", worst.Size>>10, worst.Filler, worst.Where, worst.Type, stands))
	}
	return "\n" + t.String()
}
