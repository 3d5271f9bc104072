package caddymodule

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"

	"github.com/dustin/go-humanize"

	"github.com/limen-waf/limen/classifier/picture"
)

// upload is one file of a request.
type upload struct {
	name string // of the file or the field; "" for a body
	data []byte
}

// uploads are the files of a request.
type uploads struct {
	files []upload
	// many says that the request has the form for several files, so the answer has it
	// too.
	many bool
	// form is true where files are parts among fields, and some may be no pictures.
	form bool
	// Options in a JSON body.
	top      *int
	minScore *float64
}

// Bodies are read into buffers that are used again, up to this size.
const pooledUpload = 4 << 20

var uploadBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readUpload reads the whole body, at most limit bytes, into b.
func readUpload(w http.ResponseWriter, r *http.Request, limit int64, b *bytes.Buffer) error {
	if r.ContentLength > limit {
		return tooLong(r.ContentLength, limit)
	}
	if r.ContentLength > 0 {
		// What a client says is believed as far as it costs little.
		b.Grow(int(min(r.ContentLength, pooledUpload)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r.Body, limit+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return badCall(http.StatusRequestEntityTooLarge, "the body is longer than %s", humanize.IBytes(uint64(tooLarge.Limit)))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return badCall(http.StatusBadRequest, "reading the body: the client stopped sending")
	case err != nil:
		return badCall(http.StatusBadRequest, "reading the body: %w", err)
	case n > limit:
		return tooLong(-1, limit)
	}
	return nil
}

func tooLong(size, limit int64) error {
	if size < 0 {
		return badCall(http.StatusRequestEntityTooLarge, "the body is longer than %s (max_bytes)", humanize.IBytes(uint64(limit)))
	}
	return badCall(http.StatusRequestEntityTooLarge, "the body has %s, expected at most %s (max_bytes)", humanize.IBytes(uint64(size)), humanize.IBytes(uint64(limit)))
}

// splitUpload finds the files in a body. What they are is seen from their content;
// of the type that the client names only its form counts, as curl and forms get the
// rest wrong.
func splitUpload(contentType string, body []byte, maxFiles int) (*uploads, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && kind == "multipart/form-data":
		return splitForm(body, params["boundary"], maxFiles)
	case err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
		return splitJSON(body, maxFiles)
	case len(body) == 0:
		return nil, badCall(http.StatusBadRequest, "the body is empty: send a picture in it, as multipart/form-data, or as JSON with Base64 in \"image\"")
	}
	return &uploads{files: []upload{{data: body}}}, nil
}

// splitForm finds the files of a form, and fields that hold a picture.
func splitForm(body []byte, boundary string, maxFiles int) (*uploads, error) {
	if boundary == "" {
		return nil, badCall(http.StatusBadRequest, "multipart/form-data without a boundary")
	}
	u := &uploads{many: true, form: true}
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextRawPart() // as sent: a transfer encoding is no way around a gate
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, badCall(http.StatusBadRequest, "reading multipart/form-data: %w", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, badCall(http.StatusBadRequest, "reading part %.100q of multipart/form-data: %w", part.FormName(), err)
		}
		switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
		case "", "binary", "7bit", "8bit":
		case "base64":
			if data, err = decodeBase64(string(data)); err != nil {
				return nil, badCall(http.StatusBadRequest, "part %.100q: %w", part.FormName(), err)
			}
		default:
			return nil, badCall(http.StatusBadRequest, "part %.100q has Content-Transfer-Encoding %.40q, expected binary (RFC 7578, section 4.7)",
				part.FormName(), part.Header.Get("Content-Transfer-Encoding"))
		}
		name := part.FileName()
		_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		_, isFile := params["filename"]
		switch {
		case isFile && name == "" && len(data) == 0:
			continue // a file input that nobody used
		case !isFile && picture.Sniff(data) == "":
			continue
		case name == "":
			name = part.FormName()
		}
		if len(u.files) == maxFiles {
			return nil, tooMany(maxFiles)
		}
		u.files = append(u.files, upload{name, data})
	}
	return u, nil
}

func tooMany(maxFiles int) error {
	return badCall(http.StatusRequestEntityTooLarge, "more than %d pictures in one request (max_files)", maxFiles)
}

// jsonUpload is a JSON body.
type jsonUpload struct {
	Image    *string  `json:"image"`
	Images   []string `json:"images"`
	Top      *int     `json:"top"`
	MinScore *float64 `json:"min_score"`
}

func splitJSON(body []byte, maxFiles int) (*uploads, error) {
	var in jsonUpload
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, badCall(http.StatusBadRequest, "reading JSON: %w", err)
	}
	if (in.Image == nil) == (in.Images == nil) {
		return nil, badCall(http.StatusBadRequest, `JSON body: expected {"image":"<Base64>"} or {"images":["<Base64>",…]}`)
	}
	return in.uploads(maxFiles)
}

// uploads decodes the pictures.
func (in *jsonUpload) uploads(maxFiles int) (*uploads, error) {
	u := &uploads{many: in.Images != nil, top: in.Top, minScore: in.MinScore}
	switch {
	case in.Image != nil:
		in.Images = []string{*in.Image}
	case len(in.Images) > maxFiles:
		return nil, tooMany(maxFiles)
	}
	for i, text := range in.Images {
		data, err := decodeBase64(text)
		if err != nil {
			return nil, badCall(http.StatusBadRequest, "picture %d: %w", i+1, err)
		}
		if len(data) == 0 {
			return nil, badCall(http.StatusBadRequest, "picture %d is empty", i+1)
		}
		name := ""
		if u.many {
			name = fmt.Sprintf("images[%d]", i)
		}
		u.files = append(u.files, upload{name, data})
	}
	return u, nil
}

// decodeBase64 decodes either alphabet of RFC 4648, padded or not, and data URLs (RFC
// 2397).
func decodeBase64(text string) ([]byte, error) {
	if strings.HasPrefix(text, "data:") {
		head, rest, ok := strings.Cut(text, ",")
		if !ok || !strings.HasSuffix(head, ";base64") {
			return nil, errors.New("a data URL without ;base64")
		}
		text = rest
	}
	text = strings.TrimRight(text, "=\r\n \t")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	data, err := encoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("is not Base64: %w", err)
	}
	return data, nil
}
