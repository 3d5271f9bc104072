package evaluate

import (
	"cmp"
	"slices"
)

// DefaultPrior is the share of attacks that probabilities are judged at where
// nobody says another one: as many attacks as normal requests.
const DefaultPrior = 0.5

// group is the samples of one score, or of neighbouring ones.
type group struct {
	score          float64 // the highest
	normal, attack int
	sum            float64 // of weight × score
}

// weighing makes samples count so that attacks are a share of prior of them,
// whatever the mix of the corpus is: normal samples weigh normal each, attacks
// attack, and all together 1.
type weighing struct {
	normals, attacks int
	normal, attack   float64
}

func weigh(normals, attacks int, prior float64) weighing {
	return weighing{normals, attacks, (1 - prior) / float64(normals), prior / float64(attacks)}
}

func (w weighing) of(g group) float64 {
	return float64(g.normal)*w.normal + float64(g.attack)*w.attack
}

// share is the share of attacks in the group, by weight.
func (w weighing) share(normal, attack float64) float64 {
	return attack * w.attack / (normal*w.normal + attack*w.attack)
}

// groups joins the samples of equal score, the lowest score first.
func (t *tally) groups(w weighing) []group {
	all := make([]group, 0, len(t.normal)+len(t.attack))
	for _, s := range t.normal {
		all = append(all, group{score: s, normal: 1, sum: w.normal * s})
	}
	for _, s := range t.attack {
		all = append(all, group{score: s, attack: 1, sum: w.attack * s})
	}
	slices.SortFunc(all, func(a, b group) int { return cmp.Compare(a.score, b.score) })
	out := all[:0]
	for _, g := range all {
		if n := len(out); n > 0 && out[n-1].score == g.score {
			out[n-1].add(g)
		} else {
			out = append(out, g)
		}
	}
	return out
}

func (g *group) add(o group) {
	g.score = max(g.score, o.score)
	g.normal += o.normal
	g.attack += o.attack
	g.sum += o.sum
}
