package evade

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/limen-waf/limen/bench/report"
	"github.com/limen-waf/limen/classifier/evasion"
)

// Probed is what one mutation, applied alone, does to requests that are caught.
type Probed struct {
	Mutation string  `json:"mutation"`
	Class    string  `json:"class"`
	Applied  int     `json:"applied"`
	Lost     int     `json:"lost"`
	Drop     float64 `json:"drop"` // mean fall of the score's log-odds
	// Examples are payloads as they were and as they became, of those lost.
	Examples [][2]string `json:"examples,omitempty"`
}

// ProbeReport is what each mutation does alone.
type ProbeReport struct {
	Model   string   `json:"model"`
	Probes  []Probed `json:"probes"`
	Caught  int      `json:"caught"`
	Applied int      `json:"applied"`
	Lost    int      `json:"lost"`
}

// Probe applies each mutation alone, up to draws times, to each payload that
// is caught.
func Probe(ctx context.Context, m *Model, payloads []Payload, draws int, o Options) (*ProbeReport, error) {
	type key struct{ mutation, class string }
	all := make([]map[key]Probed, len(payloads))
	score := m.Scorer(ctx)
	suite := evasion.Mutations()
	logit := func(p float64) float64 { return math.Log(max(p, 1e-12)) - math.Log(max(1-p, 1e-12)) }
	err := each(ctx, len(payloads), "probe", o.Progress, func(i int) error {
		p := &payloads[i]
		seed := seedOf(o.Seed, p)
		c := candidate(p, seed)
		before, caught, err := score(c.Request())
		if err != nil || !caught {
			return err
		}
		all[i] = map[key]Probed{}
		r := rand.New(rand.NewPCG(seed, 6))
		for _, mutation := range suite.For(p.Class) {
			k := key{mutation.Name, p.Class}
			sum := Probed{Mutation: k.mutation, Class: k.class}
			for range draws {
				d := evasion.Step{Mutation: &mutation, Seed: r.Uint64()}.Apply(c)
				if d == nil {
					continue
				}
				request := d.Request()
				after, hit, err := score(request)
				if err != nil {
					return err
				}
				sum.Applied++
				sum.Drop += logit(before) - logit(after)
				if !hit {
					sum.Lost++
					sum.Examples = append(sum.Examples, [2]string{c.Place.String() + " " + p.Text, d.Place.String() + " " + cut(request.Target+" "+string(request.Body), 400)})
				}
			}
			all[i][k] = sum
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &ProbeReport{Model: m.Model().Manifest.Name + "@" + m.Model().ShortDigest()}
	sums := map[key]*Probed{}
	for _, one := range all {
		if one != nil {
			out.Caught++
		}
		for k, v := range one {
			s := sums[k]
			if s == nil {
				s = &Probed{Mutation: k.mutation, Class: k.class}
				sums[k] = s
			}
			s.Applied += v.Applied
			s.Lost += v.Lost
			s.Drop += v.Drop
			s.Examples = append(s.Examples, v.Examples...)
			s.Examples = s.Examples[:min(len(s.Examples), 3)]
		}
	}
	for _, s := range sums {
		if s.Applied == 0 {
			continue
		}
		s.Drop /= float64(s.Applied)
		out.Applied += s.Applied
		out.Lost += s.Lost
		out.Probes = append(out.Probes, *s)
	}
	slices.SortFunc(out.Probes, func(a, b Probed) int {
		if a.Lost*b.Applied != b.Lost*a.Applied {
			return b.Lost*a.Applied - a.Lost*b.Applied
		}
		return strings.Compare(a.Class+a.Mutation, b.Class+b.Mutation)
	})
	return out, nil
}

func cut(text string, n int) string {
	if len(text) > n {
		return text[:n] + "…"
	}
	return text
}

// Markdown is the report as a table.
func (r *ProbeReport) Markdown() string {
	t := report.Table{Titles: []string{" mutation", " class", "applied", "lost", "share", "mean fall of log-odds"}}
	for _, p := range r.Probes {
		t.Row(p.Mutation, p.Class, p.Applied, p.Lost, report.Percent(p.Lost, p.Applied), fmt.Sprintf("%.1f", p.Drop))
	}
	return fmt.Sprintf("**one mutation alone**, model %s: %d payloads caught, %d mutated requests, %d lost (%s).\n\n%s", r.Model, r.Caught, r.Applied, r.Lost, report.Percent(r.Lost, r.Applied), t.String())
}
