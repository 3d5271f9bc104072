package caddymodule_test

import (
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"
)

// thumbnail asks the admin endpoint for a call's.
func (s *server) thumbnail(id string) (status int, header http.Header, body []byte) {
	s.t.Helper()
	res, err := s.admins("/limen/acts/" + id + "/thumbnail")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// Ensure that a handler keeps thumbnails where it is told to, of what a gate rejects too,
// that answers are the same as without, and that they go with the person.
func TestImageThumbnails(t *testing.T) {
	s, _ := startImages(t)
	id := func(path string, header http.Header, pic []byte) string {
		t.Helper()
		return s.do("POST", path, header, bytes.NewReader(pic)).Header.Get("Limen-Id")
	}
	wide := plain(400, 100, green)
	without := id("/detect", nil, wide)
	if status, _, body := s.thumbnail(without); status != 404 || !bytes.Contains(body, []byte("option thumbnails")) {
		t.Errorf("off by default: %d %s", status, body)
	}
	before := decodeAs[pictureAnswer](t, s.do("POST", "/classify", nil, bytes.NewReader(plain(100, 50, red)))).Labels

	site := strings.Replace(imageSite, "limen_image detect squares", "limen_image detect squares {\n thumbnails\n }", 1)
	site = strings.Replace(site, "max_files 3", "max_files 3\n thumbnails 20", 1)
	site = strings.Replace(site, "require blue > 0.5", "require blue > 0.5\n thumbnails 64", 1)
	s.reload(site)
	if after := decodeAs[pictureAnswer](t, s.do("POST", "/classify", nil, bytes.NewReader(plain(100, 50, red)))).Labels; after[0] != before[0] {
		t.Errorf("%+v, without thumbnails %+v", after, before)
	}
	s.expect(s.do("POST", "/upload", nil, bytes.NewReader(plain(100, 200, red))), 403, "")
	rejected := s.acts("decision=block", 1)[0].ID.String()
	for name, tt := range map[string]struct {
		id            string
		width, height int
		least         int // of the strongest sample
		strongest     int // red, green or blue
	}{
		"detect":            {id("/detect", nil, wide), 160, 40, 240, 1},
		"classify":          {id("/classify", nil, plain(100, 50, blue)), 20, 10, 240, 2},
		"not enlarged":      {id("/detect", nil, plain(30, 12, red)), 30, 12, 240, 0},
		"rejected":          {rejected, 32, 64, 240, 0},
		"with a key":        {id("/detect", http.Header{"Idempotency-Key": {"k"}}, wide), 160, 40, 240, 1},
		"without the boxes": {id("/detect", http.Header{"Accept": {"image/png"}}, plain(64, 64, red)), 64, 64, 240, 0},
	} {
		status, header, body := s.thumbnail(tt.id)
		if status != 200 || header.Get("Content-Type") != "image/jpeg" || header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || len(body) > 8<<10 {
			t.Errorf("%s: %d %v, %d bytes", name, status, header, len(body))
			continue
		}
		img, err := jpeg.Decode(bytes.NewReader(body))
		if err != nil || img.Bounds().Dx() != tt.width || img.Bounds().Dy() != tt.height {
			t.Errorf("%s: %v, %v", name, img.Bounds(), err)
			continue
		}
		for _, at := range [][2]int{{tt.width / 2, tt.height / 2}, {0, 0}, {tt.width - 1, tt.height - 1}} {
			r, g, b, _ := img.At(at[0], at[1]).RGBA()
			samples := [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
			if samples[tt.strongest] < tt.least || samples[(tt.strongest+1)%3] > 40 || samples[(tt.strongest+2)%3] > 40 {
				t.Errorf("%s: %v at %v", name, samples, at)
			}
		}
	}
	// What is no picture has none, and what the admin endpoint is asked keeps none.
	s.do("POST", "/classify", nil, strings.NewReader("no picture"))
	for _, none := range []string{s.acts("procedure=classify", 5)[0].ID.String(), s.callAct("detect", `{"model":"squares","image_b64":"`+b64(redSquare)+`"}`, nil).ID.String()} {
		if status, _, _ := s.thumbnail(none); status != 404 {
			t.Errorf("%s: status %d", none, status)
		}
	}
	for bad, want := range map[string]int{"1": 400, "01ARZ3NDEKTSV4RRFFQ69G5FAV": 404} {
		if status, _, _ := s.thumbnail(bad); status != want {
			t.Errorf("%s: status %d, expected %d", bad, status, want)
		}
	}
	must(t, "forget", "--client-ip", "127.0.0.1", "--address", s.admin())
	if status, _, body := s.thumbnail(rejected); status != 404 || !bytes.Contains(body, []byte("not in the store")) {
		t.Errorf("forgotten: %d %s", status, body)
	}
}

// Ensure that thumbnails without rows, or of an odd size, are refused.
func TestImageThumbnailsRefused(t *testing.T) {
	useTestSessions(t)
	s := newServer(t, map[string]string{"$COLOURS": "testdata/images/colours.onnx"})
	for block, want := range map[string]string{
		"thumbnails\n record off": "no_record keeps none",
		"thumbnails 8":            "16 to 512",
	} {
		if err := s.load(imagesBlock + "$SITE {\n limen_image classify colours {\n " + block + "\n }\n}\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", block, err, want)
		}
	}
}
