package caddymodule

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/model/adapt"
	"github.com/limen-waf/limen/store"
)

// Most entries of the report's lists.
const (
	reportedLeftOut = 100
	reportedFlips   = 10
)

// adaptReport is the output of the procedure adapt.
type adaptReport struct {
	// Model is the digest of the new model, empty after a dry run. Base is the model that it
	// was made from, Running the one that decides now; they differ when that is adapted
	// itself.
	Model   string `json:"model,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Base    string `json:"base"`
	Running string `json:"running"`
	DryRun  bool   `json:"dry_run,omitempty"`
	// Refused says why no model is made, or would not be without force.
	Refused string `json:"refused,omitempty"`
	Note    string `json:"note,omitempty"`
	Seed    int64  `json:"seed"`

	Labels labelReport `json:"labels"`
	// Before are the figures of the running model, After those of the new one.
	Before adapt.Figures `json:"before"`
	After  adapt.Figures `json:"after"`
	// Changes are the labelled requests that were learned from, oldest label first.
	Changes []labelChange `json:"changes"`
	// AnchorSet is the digest over the recorded requests without a label that were to
	// stay as they are; Flips counts those that do not.
	AnchorSet string     `json:"anchor_set"`
	Flips     flipReport `json:"flips"`

	Options adapt.Options `json:"options"`
	Micros  int64         `json:"us"`
}

type labelReport struct {
	Found    int `json:"found"`
	Used     int `json:"used"`
	Attacks  int `json:"attacks"`
	Ordinary int `json:"ordinary"`
	// Set is the digest over the labels used.
	Set string `json:"set"`
	// LeftOut are the first of those not used, LeftOutCount is how many there are; Older
	// more were not looked at.
	LeftOut      []leftOutLabel `json:"left_out,omitempty"`
	LeftOutCount int            `json:"left_out_count"`
	Older        int            `json:"older,omitempty"`
}

type leftOutLabel struct {
	Verdict ulid.ULID `json:"verdict"`
	Label   string    `json:"label"`
	Why     string    `json:"why"`
}

// labelChange is one labelled request before and after.
type labelChange struct {
	Verdict ulid.ULID       `json:"verdict"`
	Label   string          `json:"label"`
	Class   string          `json:"class,omitempty"`
	Path    string          `json:"path"`
	Before  store.Judgement `json:"before"`
	After   store.Judgement `json:"after"`
	// Right says whether it is decided as the label says, Was whether it was.
	Was   bool `json:"was_right"`
	Right bool `json:"right"`
}

type flipReport struct {
	New     int `json:"new"`
	Cleared int `json:"cleared"`
	// Like is how many of them are like a labelled request.
	Like     int          `json:"like"`
	Examples []store.Flip `json:"examples,omitempty"`
}

func (r *adaptReport) leaveOut(l *store.LabelledVerdict, why string) {
	r.Labels.LeftOutCount++
	if len(r.Labels.LeftOut) < reportedLeftOut {
		r.Labels.LeftOut = append(r.Labels.LeftOut, leftOutLabel{l.Label.Verdict, l.Label.Label, why})
	}
}

// fill takes an outcome.
func (r *adaptReport) fill(j *adaptation, res *adapt.Result) {
	ids := make([]ulid.ULID, 0, len(j.labels))
	classes := j.base.Manifest.Classes
	judgement := func(a adapt.Judgement) store.Judgement {
		return store.Judgement{Score: a.Score, Class: classes[a.Attack], Threshold: a.Threshold}
	}
	for i, l := range j.labels {
		ids = append(ids, l.Label.ID)
		attack := l.Label.Label == store.LabelAttack
		if attack {
			r.Labels.Attacks++
		} else {
			r.Labels.Ordinary++
		}
		c := res.Labels[i]
		r.Changes = append(r.Changes, labelChange{
			Verdict: l.Verdict.ID, Label: l.Label.Label, Class: l.Label.Class, Path: cut(l.Verdict.Method+" "+l.Verdict.Host+l.Verdict.Path, 300),
			Before: judgement(c.Before), After: judgement(c.After),
			Was: c.Before.Flagged == attack, Right: c.After.Flagged == attack,
		})
	}
	r.Labels.Used, r.Labels.Set = len(ids), store.LabelSetDigest(ids)
	r.Before, r.After, r.Options = res.Before, res.After, res.Options(&j.input)
	r.AnchorSet = store.SampleDigest(j.anchors)
	flips := slices.Clone(res.Flips)
	slices.SortStableFunc(flips, func(a, b adapt.Flip) int {
		return cmp.Compare(math.Abs(b.After.Score-b.Before.Score), math.Abs(a.After.Score-a.Before.Score))
	})
	for _, f := range flips {
		if f.After.Flagged {
			r.Flips.New++
		} else {
			r.Flips.Cleared++
		}
		if f.Like {
			r.Flips.Like++
		}
		if len(r.Flips.Examples) < reportedFlips {
			v := j.anchors[f.Anchor]
			r.Flips.Examples = append(r.Flips.Examples, store.Flip{
				ID: v.ID, Time: v.Time, Method: v.Method, Host: v.Host, Path: cut(v.Path, 300),
				Recorded: judgement(f.Before), Candidate: judgement(f.After),
			})
		}
	}
}

// figures are what the run's record keeps.
func (r *adaptReport) figures() any {
	return struct {
		Before  adapt.Figures `json:"before"`
		After   adapt.Figures `json:"after"`
		Flips   flipReport    `json:"flips"`
		Options adapt.Options `json:"options"`
	}{r.Before, r.After, flipReport{New: r.Flips.New, Cleared: r.Flips.Cleared, Like: r.Flips.Like}, r.Options}
}

// plural is a number of things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
