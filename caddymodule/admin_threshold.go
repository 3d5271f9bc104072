package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/limen-waf/limen/store"
)

// thresholdQuery asks what target_fpr would choose.
type thresholdQuery struct {
	Target float64
	Host   string
	Since  time.Time // zero for evidenceDays days
}

// defaultTarget is the target of a question that names none.
const defaultTarget = 0.001

// thresholdAnswer is what /limen/threshold says.
type thresholdAnswer struct {
	Model     string         `json:"model"` // digest
	TargetFPR float64        `json:"target_fpr"`
	Host      string         `json:"host,omitempty"`
	Since     time.Time      `json:"since"`
	Sites     []*calibration `json:"sites"`
}

// getThreshold answers with a count of its own: the host and the time may differ
// from those that the running thresholds rest on.
func getThreshold(app *App, s *sharedStore, r *http.Request) (any, error) {
	q, err := parseThresholdQuery(r.URL.Query(), time.Now())
	if err != nil {
		return nil, apiError(http.StatusBadRequest, err)
	}
	return askThreshold(r.Context(), s.Store, app.evidenceKey(nil), q, time.Now())
}

func parseThresholdQuery(params url.Values, now time.Time) (q thresholdQuery, err error) {
	q.Target = defaultTarget
	for name, values := range params {
		if len(values) > 1 {
			return q, fmt.Errorf("parameter %s is given %d times", name, len(values))
		}
		switch name {
		case "target_fpr":
			q.Target, err = parseTargetFPR(values[0])
		case "host":
			q.Host = values[0]
		case "since":
			if q.Since, err = parseTime(values[0], now); err != nil {
				err = fmt.Errorf("parameter since is %q: %w", values[0], err)
			}
		default:
			err = fmt.Errorf("unknown parameter %s", name)
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// askThreshold counts what is recorded and chooses a threshold for each site.
func askThreshold(ctx context.Context, s *store.Store, key evidenceKey, q thresholdQuery, now time.Time) (*thresholdAnswer, error) {
	if q.Since.IsZero() {
		q.Since = evidenceFrom(now, 0)
	}
	now = now.Truncate(time.Millisecond)
	key.host = q.Host
	e := newEvidence(key)
	e.label = s.LabelState
	if err := e.update(ctx, s, q.Since, now); err != nil {
		return nil, err
	}
	answer := &thresholdAnswer{key.model, q.Target, q.Host, q.Since.UTC(), []*calibration{}}
	for _, site := range e.sites() {
		t := e.site(site)
		c := calibrate(&t, e.bounds, q.Target, nil, now)
		c.Site = site
		answer.Sites = append(answer.Sites, c)
	}
	return answer, nil
}
