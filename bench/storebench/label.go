package storebench

import (
	"context"
	"encoding/json"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// maxLabels bounds the labels of a folder: people make them, one by one.
const maxLabels = 2000

// labelling chooses rows to be labelled: one attack for each ordinary request, spread
// over the time of the rows, and the rare row.
type labelling struct {
	every   int // one in so many ordinary rows; a hundredth of that, but not all, of flagged ones
	flagged int
	allowed int
	of      map[ulid.ULID]string
}

func newLabelling(rows int) *labelling {
	return &labelling{every: max(2*rows/maxLabels, 100), of: map[ulid.ULID]string{}}
}

// see looks at a row that was recorded.
func (l *labelling) see(v *store.Verdict) {
	n, every, label := &l.allowed, l.every, store.LabelNormal
	if v.Decision != store.Allow {
		n, every, label = &l.flagged, max(l.every/100, 2), store.LabelAttack
	}
	if *n++; *n%every == 0 || v.Host == rareHost {
		l.of[v.ID] = label
	}
}

// write labels the rows as a person would, a call each.
func (l *labelling) write(ctx context.Context, s *store.Store) error {
	p := store.LabelProcedure(classes)
	for id, label := range l.of {
		input, err := json.Marshal(map[string]string{"verdict": id.String(), "label": label})
		if err != nil {
			return err
		}
		if _, err := s.Invoke(ctx, p, store.Invocation{Principal: "limenbench", Input: input}); err != nil {
			return err
		}
	}
	return nil
}
