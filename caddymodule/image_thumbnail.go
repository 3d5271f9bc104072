package caddymodule

import (
	"bytes"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/limen-waf/limen/classifier/picture"
	"github.com/limen-waf/limen/store"
)

// Pixels of the longer side of a thumbnail.
const (
	minThumbnail     = 16
	defaultThumbnail = 160
	maxThumbnail     = 512
)

// keepThumbnail puts a small JPEG of the picture into its row, where the configuration asks
// for that. It is made of what was decoded for the model, so that the answer is the same
// as without it.
func (c *imageCall) keepThumbnail(a *store.Act, p *picture.RGB) {
	if c.Thumbnails == 0 || c.NoRecord || c.store == nil {
		return
	}
	var b bytes.Buffer
	if err := picture.EncodeThumbnail(&b, p, c.Thumbnails); err != nil {
		c.log.Error("thumbnail is not kept", zap.Stringer("id", a.ID), zap.Error(err))
		return
	}
	a.Thumbnail = b.Bytes()
}

// rawAnswer is an answer of the admin endpoint that is no JSON.
type rawAnswer struct {
	kind string
	body []byte
}

// getActThumbnail answers with the thumbnail of a call's picture.
func getActThumbnail(id string) answerFunc {
	return func(_ *App, s *sharedStore, r *http.Request) (any, error) {
		id, err := store.ParseID(id)
		if err != nil {
			return nil, err
		}
		a, err := s.Act(r.Context(), id)
		if err != nil {
			return nil, err
		}
		if len(a.Thumbnail) == 0 {
			return nil, apiError(http.StatusNotFound, fmt.Errorf("call %s has no thumbnail: limen_image keeps them with its option thumbnails", id))
		}
		return &rawAnswer{"image/jpeg", a.Thumbnail}, nil
	}
}
