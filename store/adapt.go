package store

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
)

// LabelledVerdict is a label that holds, with the row that it is about.
type LabelledVerdict struct {
	Label Label
	// Verdict is nil when its row was forgotten.
	Verdict *Verdict
}

// LabelledVerdicts returns the newest most labels that hold, oldest first, with their
// rows. left is how many older ones there are.
func (v *View) LabelledVerdicts(ctx context.Context, most int) (list []LabelledVerdict, left int, err error) {
	for q := (LabelQuery{Limit: MaxLimit}); ; {
		page, err := v.Labels(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		for _, l := range page.Labels {
			if len(list) == most {
				left++
				continue
			}
			row, err := v.s.Verdict(ctx, l.Verdict)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, 0, err
			}
			list = append(list, LabelledVerdict{l, row})
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	slices.Reverse(list)
	return list, left, nil
}

// SampleOptions say which recorded requests Sample takes.
type SampleOptions struct {
	// Seed decides which of those looked at are drawn.
	Seed int64
	// Rows is the number of rows looked at, the newest first.
	Rows int
	// Flagged and Passed are the most that are drawn of requests at or above their
	// threshold, and of the others.
	Flagged, Passed int
	// Bytes is the longest request drawn.
	Bytes int
}

// Sample draws from the newest recorded requests without a label that were decided by
// their score and are stored whole. Equal requests count once. The rows come in order of
// their IDs. The draw depends on the seed and the rows alone.
func (v *View) Sample(ctx context.Context, o SampleOptions) ([]*Verdict, error) {
	if v.err != nil {
		return nil, v.err
	}
	if err := v.s.Flush(ctx); err != nil {
		return nil, err
	}
	flagged, passed := draw{most: o.Flagged}, draw{most: o.Passed}
	seen := make(map[[sha256.Size]byte]bool)
	q := Query{Labels: Unlabelled, Limit: 500}
	if !v.at.IsZero() {
		q.Until = v.at.Add(time.Millisecond)
	}
	for looked := 0; looked < o.Rows; {
		page, err := v.s.Verdicts(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Verdicts {
			if looked++; looked > o.Rows {
				break
			}
			if row.Request == nil || row.RequestCut > 0 || row.Exception != "" || row.Fallback != "" || !(row.Threshold > 0) || len(row.Request) > o.Bytes {
				continue
			}
			sum := sha256.Sum256(row.Request)
			if seen[sum] {
				continue
			}
			seen[sum] = true
			into := &passed
			if row.Score >= row.Threshold {
				into = &flagged
			}
			into.offer(o.Seed, row)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	var out []*Verdict
	for _, d := range []*draw{&flagged, &passed} {
		for _, x := range d.rows {
			out = append(out, x.row)
		}
	}
	slices.SortFunc(out, func(a, b *Verdict) int { return a.ID.Compare(b.ID) })
	return out, nil
}

// draw keeps the rows with the smallest ranks: a sample that does not depend on the
// order in which they come.
type draw struct {
	most int
	rows []drawn // a heap, the largest rank on top
}

type drawn struct {
	rank [sha256.Size]byte
	row  *Verdict
}

func (d *draw) offer(seed int64, row *Verdict) {
	if d.most <= 0 {
		return
	}
	x := drawn{sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(seed)), row.ID[:]...)), row}
	switch {
	case len(d.rows) < d.most:
		heap.Push(d, x)
	case bytes.Compare(x.rank[:], d.rows[0].rank[:]) < 0:
		d.rows[0] = x
		heap.Fix(d, 0)
	}
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (d *draw) Len() int           { return len(d.rows) }
func (d *draw) Less(i, j int) bool { return bytes.Compare(d.rows[i].rank[:], d.rows[j].rank[:]) > 0 }
func (d *draw) Swap(i, j int)      { d.rows[i], d.rows[j] = d.rows[j], d.rows[i] }
func (d *draw) Push(x any)         { d.rows = append(d.rows, x.(drawn)) }
func (d *draw) Pop() any {
	last := d.rows[len(d.rows)-1]
	d.rows = d.rows[:len(d.rows)-1]
	return last
}

// SampleDigest is the digest over the IDs of a sample's rows in order.
func SampleDigest(rows []*Verdict) string {
	ids := make([]ulid.ULID, len(rows))
	for i, v := range rows {
		ids[i] = v.ID
	}
	return LabelSetDigest(ids)
}

// At is the state as of a time, for procedures that look back.
func (t *Txn) At(at time.Time) *View { return t.s.At(at) }

// Weights returns the ONNX file of a model.
func (t *Txn) Weights(digest string) ([]byte, error) { return t.s.Weights(digest) }
