package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
)

// Replay is a run of recorded requests under a candidate model: what it is to do,
// how far it is, and what came of it. It is all that is needed to go on with a run
// that was broken off.
//
// What is scored is the stored form of a request, in which secrets are masked. So
// scores of two replays compare exactly, whatever the models, and a score compares
// exactly with the recorded one where nothing was masked.
type Replay struct {
	ID ulid.ULID `json:"id"`
	// Model is how the candidate was named, ModelDigest what it is.
	Model       string `json:"model"`
	ModelName   string `json:"model_name"`
	ModelDigest string `json:"model_digest"`
	Engine      string `json:"engine"`
	Device      string `json:"device"`
	// Filter is the query in the form of the caller, who reads it again to go on.
	// Range are the rows that matched when the run began.
	Filter string `json:"filter"`
	Range  Range  `json:"range"`
	// Threshold, when it is not 0, is the one that the candidate is judged by, in
	// place of those that each row's site would have.
	Threshold float64 `json:"threshold,omitempty"`
	// Limit is the number of examples of each kind.
	Limit int `json:"limit"`

	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	// Busy is the time spent, over interruptions, in microseconds.
	BusyMicros int64 `json:"busy_us"`
	Done       bool  `json:"done"`
	// Cursor is the last row that is part of the results.
	Cursor ulid.ULID `json:"cursor"`

	Counts ReplayCounts `json:"counts"`
	// Classes has the flips by class: of new ones, what the candidate takes them for,
	// of cleared ones, what they were recorded as. Hosts has them by host, the
	// first maxHosts of them; OtherHosts sums up the rest.
	Classes    map[string]*FlipCounts `json:"classes"`
	Hosts      map[string]*FlipCounts `json:"hosts"`
	OtherHosts FlipCounts             `json:"other_hosts"`
	// New are requests that the candidate flags and the recorded decision did not,
	// Cleared the reverse; of each those whose score changed most.
	New     []Flip `json:"new"`
	Cleared []Flip `json:"cleared"`

	// ScoresDigest is a SHA-256 chain over the ID, the class and the score, with all
	// its bits, of every request that was scored, in order: equal ones mean that two
	// runs scored the same requests alike.
	ScoresDigest string `json:"scores_digest"`

	Gaps
}

// ReplayCounts are numbers of rows.
type ReplayCounts struct {
	Rows   int64 `json:"rows"`   // that matched
	Scored int64 `json:"scored"` // of them; all others are in the next five
	// NotKept rows have no request, Cut ones a part of it. Excepted rows were
	// decided by an exception and Fallback ones by a deadline or a failure, not by a
	// score. Unparsed requests cannot be read.
	NotKept  int64 `json:"not_kept"`
	Cut      int64 `json:"cut"`
	Excepted int64 `json:"excepted"`
	Fallback int64 `json:"fallback"`
	Unparsed int64 `json:"unparsed"`

	// Flagged rows had a score at or above their threshold, FlaggedNow ones have it
	// under the candidate.
	Flagged    int64 `json:"flagged"`
	FlaggedNow int64 `json:"flagged_now"`
	New        int64 `json:"new"`
	Cleared    int64 `json:"cleared"`

	// SameModel rows were recorded under the candidate itself, on the same kind of
	// engine and device. The score of Identical ones is the recorded one, bit for
	// bit. Verbatim ones are known to be stored as they came, so that every one of
	// them has to be identical; Mismatched ones are not.
	SameModel     int64   `json:"same_model"`
	Identical     int64   `json:"identical"`
	Verbatim      int64   `json:"verbatim"`
	Mismatched    int64   `json:"mismatched"`
	MaxDifference float64 `json:"max_difference"` // between recorded and new scores of SameModel rows
}

// FlipCounts are numbers of rows whose decision flips.
type FlipCounts struct {
	Scored  int64 `json:"scored"`
	New     int64 `json:"new"`
	Cleared int64 `json:"cleared"`
}

func (c *FlipCounts) add(flip int) {
	c.Scored++
	switch flip {
	case flipNew:
		c.New++
	case flipCleared:
		c.Cleared++
	}
}

// Flip is one request whose decision flips.
type Flip struct {
	ID        ulid.ULID `json:"id"`
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Host      string    `json:"host"`
	Path      string    `json:"path"`
	Recorded  Judgement `json:"recorded"`
	Candidate Judgement `json:"candidate"`
}

// Judgement is a score beside the threshold that it was held against.
type Judgement struct {
	Score     float64 `json:"score"`
	Class     string  `json:"class"`
	Threshold float64 `json:"threshold"`
}

// flagged reports whether the score reaches the threshold. There is none where the
// score decided nothing.
func (j *Judgement) flagged() bool { return j.Threshold > 0 && j.Score >= j.Threshold }

const (
	maxHosts    = 1000
	maxExamples = 1000
	examplePath = 512 // bytes of the target in an example
)

const (
	flipNone = iota
	flipNew
	flipCleared
)

// outcome is what became of one row.
type outcome struct {
	row  *Verdict
	what *int64 // the count of a row that was not scored, nil of one that was
	now  Judgement
	// verbatim says that the row holds the request as it came.
	verbatim bool
}

// take adds a row's outcome. Rows come in order.
func (p *Replay) take(o *outcome) {
	c, v := &p.Counts, o.row
	c.Rows++
	p.Cursor = v.ID
	if o.what != nil {
		*o.what++
		return
	}
	c.Scored++
	p.chain(v.ID, &o.now)
	if v.ModelDigest == p.ModelDigest && v.Engine == p.Engine && v.Device == p.Device {
		p.compare(o)
	}
	was := Judgement{v.Score, v.Class, v.Threshold}
	flip := flipNone
	switch {
	case was.flagged() == o.now.flagged():
		count(&c.Flagged, was.flagged())
		count(&c.FlaggedNow, was.flagged())
	case was.flagged():
		c.Flagged++
		c.Cleared++
		flip = flipCleared
		p.class(was.Class).add(flip)
		p.Cleared = p.example(p.Cleared, v, was, o.now)
	default:
		c.FlaggedNow++
		c.New++
		flip = flipNew
		p.class(o.now.Class).add(flip)
		p.New = p.example(p.New, v, was, o.now)
	}
	if flip == flipNone {
		p.class(was.Class).add(flip)
	}
	p.host(v.Host).add(flip)
}

func count(n *int64, yes bool) {
	if yes {
		*n++
	}
}

// compare holds a score against the recorded one of the same model.
func (p *Replay) compare(o *outcome) {
	c := &p.Counts
	c.SameModel++
	same := math.Float64bits(o.row.Score) == math.Float64bits(o.now.Score)
	count(&c.Identical, same)
	count(&c.Verbatim, o.verbatim)
	count(&c.Mismatched, o.verbatim && !same)
	c.MaxDifference = max(c.MaxDifference, math.Abs(o.row.Score-o.now.Score))
}

// chain goes on with ScoresDigest.
func (p *Replay) chain(id ulid.ULID, j *Judgement) {
	var state [sha256.Size]byte
	if raw, err := hex.DecodeString(trimDigest(p.ScoresDigest)); err == nil {
		copy(state[:], raw)
	}
	b := append(state[:], id[:]...)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(j.Score))
	b = append(b, j.Class...)
	sum := sha256.Sum256(b)
	p.ScoresDigest = "sha256:" + hex.EncodeToString(sum[:])
}

func trimDigest(s string) string {
	if len(s) > len("sha256:") {
		return s[len("sha256:"):]
	}
	return ""
}

func (p *Replay) class(name string) *FlipCounts { return entryOf(&p.Classes, name) }

func (p *Replay) host(name string) *FlipCounts {
	if p.Hosts[name] == nil && len(p.Hosts) >= maxHosts {
		return &p.OtherHosts // names come from clients, who may invent them
	}
	return entryOf(&p.Hosts, name)
}

func entryOf(m *map[string]*FlipCounts, name string) *FlipCounts {
	if *m == nil {
		*m = map[string]*FlipCounts{}
	}
	c := (*m)[name]
	if c == nil {
		c = new(FlipCounts)
		(*m)[name] = c
	}
	return c
}

// example adds a flip to those whose score changed most.
func (p *Replay) example(list []Flip, v *Verdict, was, now Judgement) []Flip {
	change := func(was, now Judgement) float64 { return math.Abs(now.Score - was.Score) }
	last := len(list) - 1
	switch {
	case p.Limit <= 0:
		return list
	case last+1 >= p.Limit && change(was, now) <= change(list[last].Recorded, list[last].Candidate):
		return list // of equals the older one stays
	case last+1 >= p.Limit:
		list = list[:last]
	}
	f := Flip{v.ID, v.Time, v.Method, v.Host, v.Path[:min(len(v.Path), examplePath)], was, now}
	at, _ := slices.BinarySearchFunc(list, change(was, now), func(f Flip, c float64) int {
		if change(f.Recorded, f.Candidate) >= c {
			return -1
		}
		return cmp.Compare(c, change(f.Recorded, f.Candidate))
	})
	return slices.Insert(list, at, f)
}
