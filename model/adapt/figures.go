package adapt

import "fmt"

// Figures are what a head makes of everything there is.
type Figures struct {
	// Labels is the number of labelled requests, Right how many of them are decided as
	// their label says, Settled how many with room to spare.
	Labels  int `json:"labels"`
	Right   int `json:"right"`
	Settled int `json:"settled"`
	// Anchors is their number, Flagged how many of them are flagged.
	Anchors int `json:"anchors"`
	Flagged int `json:"flagged"`
	// GuardAttacks and GuardOrdinary are the numbers in the guard; GuardCaught and
	// GuardAlarms how many of each are flagged.
	GuardAttacks  int `json:"guard_attacks"`
	GuardCaught   int `json:"guard_caught"`
	GuardOrdinary int `json:"guard_ordinary"`
	GuardAlarms   int `json:"guard_alarms"`
}

// TPR is the guard's true positive rate, FPR its false positive rate.
func (f *Figures) TPR() float64 { return share(f.GuardCaught, f.GuardAttacks) }

// FPR is the guard's false positive rate.
func (f *Figures) FPR() float64 { return share(f.GuardAlarms, f.GuardOrdinary) }

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// judged is everything under one head.
type judged struct {
	figures Figures
	labels  []Judgement
	anchors []Judgement
}

func (r *run) judge(h *Head) *judged {
	g := &judged{figures: Figures{Labels: len(r.Labels), Anchors: len(r.Anchors)}}
	f := &g.figures
	for i := range r.Labels {
		j := h.Judge(&r.Labels[i].Example)
		g.labels = append(g.labels, j)
		if r.Labels[i].right(&j) {
			f.Right++
		}
	}
	for i := range r.Anchors {
		j := h.Judge(&r.Anchors[i])
		g.anchors = append(g.anchors, j)
		if j.Flagged {
			f.Flagged++
		}
	}
	for i := range r.Guard {
		flagged := h.Judge(&r.Guard[i].Example).Flagged
		switch {
		case r.Guard[i].Attack:
			f.GuardAttacks++
			f.GuardCaught += count(flagged)
		default:
			f.GuardOrdinary++
			f.GuardAlarms += count(flagged)
		}
	}
	return g
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Flip is one anchor whose decision changes.
type Flip struct {
	// Anchor is its index; Like says that it is like a labelled request.
	Anchor        int
	Like          bool
	Before, After Judgement
}

// Names of limits.
const (
	LimitNew     = "new"
	LimitCleared = "cleared"
	LimitTPR     = "tpr"
	LimitFPR     = "fpr"
)

// Breach is a limit that an outcome breaks.
type Breach struct {
	// Limit is its name, Count how many there are and Most how many may be, Of how many.
	Limit string `json:"limit"`
	Count int    `json:"count"`
	Most  int    `json:"most"`
	Of    int    `json:"of"`
}

func (b *Breach) String() string {
	switch b.Limit {
	case LimitNew:
		return fmt.Sprintf("%d of %d recorded requests that pass, and are not like a labelled one, would be flagged (at most %d)", b.Count, b.Of, b.Most)
	case LimitCleared:
		return fmt.Sprintf("%d of %d recorded requests that are flagged, and are not like a labelled one, would pass (at most %d)", b.Count, b.Of, b.Most)
	case LimitTPR:
		return fmt.Sprintf("%d of the %d built-in attacks would be missed that are caught now (at most %d)", b.Count, b.Of, b.Most)
	}
	return fmt.Sprintf("%d of the %d built-in ordinary requests would be flagged that pass now (at most %d)", b.Count, b.Of, b.Most)
}

// breach returns the first limit that res breaks, nil for none.
func (l *Limits) breach(res *Result) *Breach {
	b, a := &res.Before, &res.After
	newly, cleared := 0, 0
	for i := range res.Flips {
		switch f := &res.Flips[i]; {
		case f.Like:
		case f.After.Flagged:
			newly++
		default:
			cleared++
		}
	}
	for _, c := range []struct {
		name  string
		n, of int
		share float64
	}{
		{LimitTPR, b.GuardCaught - a.GuardCaught, b.GuardAttacks, l.TPR},
		{LimitFPR, a.GuardAlarms - b.GuardAlarms, b.GuardOrdinary, l.FPR},
		{LimitCleared, cleared, b.Flagged, l.Cleared},
		{LimitNew, newly, b.Anchors - b.Flagged, l.New},
	} {
		if most := max(1, int(c.share*float64(c.of))); c.n > most {
			return &Breach{c.name, c.n, most, c.of}
		}
	}
	return nil
}
