package caddymodule_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limen-waf/limen/caddymodule"
	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/store"
)

// imagesBlock is the global block with the models of testdata/images.
const imagesBlock = `{
	admin ADMIN
	persist_config off
	grace_period 5s
	log {
		output discard
	}
	limen {
		data $DATA
		device native
		model http $MODEL
		model colours $COLOURS {
			labels testdata/images/colours.txt
			layout nchw
			decoder logits
		}
		model squares testdata/images/squares.onnx {
			labels testdata/images/squares.txt
			preset yolox
			order rgb
		}
		model add testdata/images/add.onnx
	}
}
`

// imageSite answers at /classify and /detect, and is a gate before /upload.
const imageSite = imagesBlock + `$SITE {
	handle /classify {
		limen_image classify colours {
			max_bytes 100KiB
			max_pixels 10000
			max_files 3
		}
	}
	handle /detect {
		limen_image detect squares
	}
	handle /v2/* {
		limen_inference {
			admin on
		}
	}
	handle {
		limen_image /upload* classify colours {
			reject red > 0.9
			require blue > 0.5
			max_bytes 100KiB
		}
		reverse_proxy $UPSTREAM
	}
	handle_errors {
		respond "{http.error.status_code} {http.error.message} {http.limen_image.id} {http.limen_image.reason}"
	}
}
`

// startImages starts a server with imageSite.
func startImages(t testing.TB) (*server, *upstream) {
	t.Helper()
	useTestSessions(t)
	u := startUpstream(t)
	colours := filepath.Join(t.TempDir(), "colours.onnx")
	raw, err := os.ReadFile("testdata/images/colours.onnx")
	if err != nil {
		t.Fatal(err)
	}
	write(t, colours, raw)
	return start(t, imageSite, map[string]string{"$UPSTREAM": u.Addr, "$COLOURS": colours}), u
}

// plain makes a PNG of one colour.
func plain(w, h int, c color.Color) []byte { return drawn(w, h, c, image.Rectangle{}, c) }

// drawn makes a PNG with a rectangle.
func drawn(w, h int, ground color.Color, r image.Rectangle, c color.Color) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if (image.Point{X: x, Y: y}).In(r) {
				img.Set(x, y, c)
			} else {
				img.Set(x, y, ground)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
	black = color.RGBA{0, 0, 0, 255}
)

// uploadForm makes a form of files, and of fields under names without a dot.
func uploadForm(t testing.TB, parts ...any) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		name, data := parts[i].(string), parts[i+1].([]byte)
		var p io.Writer
		var err error
		if strings.Contains(name, ".") {
			p, err = w.CreateFormFile("image", name)
		} else {
			p, err = w.CreateFormField(name)
		}
		if err == nil {
			_, err = p.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

func typed(kind string) http.Header { return http.Header{"Content-Type": {kind}} }

// picture is the answer about one picture.
type pictureAnswer struct {
	ID, Name, Model string
	Width, Height   int
	Labels          []struct {
		Label       string
		Index       int
		Probability float64
	}
	Boxes []struct {
		Label string
		Index int
		Score float64
		Box   [4]float64
	}
}

func decodeAs[T any](t testing.TB, res response) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(res.Text), &v); err != nil || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s: %.300s: %v", res.StatusCode, res.Header.Get("Content-Type"), res.Text, err)
	}
	return v
}

// Ensure that a picture is classified however it is sent, and that options of the
// request count.
func TestImageClassify(t *testing.T) {
	s, _ := startImages(t)
	pic := plain(40, 20, green)
	text := base64.StdEncoding.EncodeToString(pic)
	formBody, formType := uploadForm(t, "a.png", pic, "comment", []byte("hello"), "b.png", plain(8, 8, blue))
	for _, tt := range []struct {
		name, query, kind string
		body              []byte
		many              bool
	}{
		{"body", "", "image/png", pic, false},
		{"body as curl sends it", "", "application/x-www-form-urlencoded", pic, false},
		{"body of another type", "", "image/jpeg", pic, false},
		{"JSON", "", "application/json", []byte(`{"image":"` + text + `"}`), false},
		{"JSON, data URL", "", "application/json; charset=utf-8", []byte(`{"image":"data:image/png;base64,` + strings.TrimRight(text, "=") + `"}`), false},
		{"JSON, several", "", "application/json", []byte(`{"images":["` + text + `","` + base64.URLEncoding.EncodeToString(plain(8, 8, blue)) + `"]}`), true},
		{"form", "", formType, formBody, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := s.do("POST", "/classify"+tt.query, typed(tt.kind), bytes.NewReader(tt.body))
			s.expect(res, 200, "")
			all := []pictureAnswer{{}}
			if tt.many {
				all = decodeAs[struct{ Results []pictureAnswer }](t, res).Results
				if len(all) != 2 || all[1].Labels[0].Label != "blue" || all[0].Name == "" || all[0].ID == all[1].ID {
					t.Fatalf("%s", res.Text)
				}
			} else {
				all[0] = decodeAs[pictureAnswer](t, res)
			}
			a := all[0]
			if len(a.Labels) != 3 || a.Labels[0].Label != "green, verdant" || a.Labels[0].Index != 1 || a.Labels[0].Probability < 0.99 ||
				a.Width != 40 || a.Height != 20 || !strings.HasPrefix(a.Model, "colours@") || len(a.ID) != 26 || res.Header.Get("Limen-Id") != a.ID {
				t.Errorf("%s", res.Text)
			}
		})
	}
	for query, want := range map[string]int{"?top=1": 1, "?min_score=0.5": 1, "?top=2&min_score=0": 2} {
		if a := decodeAs[pictureAnswer](t, s.do("POST", "/classify"+query, nil, bytes.NewReader(pic))); len(a.Labels) != want {
			t.Errorf("%s: %+v", query, a)
		}
	}
	body := []byte(`{"top":1,"image":"` + text + `"}`)
	if a := decodeAs[pictureAnswer](t, s.do("POST", "/classify", typed("application/json"), bytes.NewReader(body))); len(a.Labels) != 1 {
		t.Errorf("%+v", a)
	}
	if a := decodeAs[pictureAnswer](t, s.do("POST", "/classify?min_score=1", nil, bytes.NewReader(plain(8, 8, black)))); a.Labels == nil || len(a.Labels) != 0 {
		t.Errorf("%+v", a)
	}
}

// Ensure that what is wrong with a call is said, with a status of 4xx.
func TestImageRefuses(t *testing.T) {
	s, _ := startImages(t)
	pic := plain(16, 16, red)
	many, manyType := uploadForm(t, "1.png", pic, "2.png", pic, "3.png", pic, "4.png", pic)
	bad, badType := uploadForm(t, "good.png", pic, "bad.png", []byte("no picture"))
	none, noneType := uploadForm(t, "comment", []byte("hello"))
	for _, tt := range []struct {
		method, path, kind, accept string
		body                       []byte
		status                     int
		want                       string
	}{
		{"GET", "/classify", "", "", nil, 405, "use POST"},
		{"POST", "/classify", "", "", nil, 400, "the body is empty"},
		{"POST", "/classify", "", "", []byte("hello"), 415, "not a picture"},
		{"POST", "/classify", "image/png", "", []byte("<svg/>"), 415, "not a picture"},
		{"POST", "/classify", "", "", pic[:len(pic)-20], 400, "picture"},
		{"POST", "/classify", "", "", plain(101, 100, red), 413, "too large"},
		{"POST", "/classify", "", "", make([]byte, 200<<10), 413, "at most 100 KiB (max_bytes)"},
		{"POST", "/classify?top=0", "", "", pic, 400, "whole number from 1"},
		{"POST", "/classify?top=x", "", "", pic, 400, `top is \"x\"`},
		{"POST", "/classify?min_score=2", "", "", pic, 400, "number from 0 to 1"},
		{"POST", "/classify", "application/json", "", []byte("{"), 400, "reading JSON"},
		{"POST", "/classify", "application/json", "", []byte(`{"picture":"x"}`), 400, "expected {"},
		{"POST", "/classify", "application/json", "", []byte(`{"image":"!"}`), 400, "not Base64"},
		{"POST", "/classify", "application/json", "", []byte(`{"image":""}`), 400, "picture 1 is empty"},
		{"POST", "/classify", "application/json", "", []byte(`{"image":"data:image/png,x"}`), 400, "without ;base64"},
		{"POST", "/classify", "multipart/form-data", "", pic, 400, "without a boundary"},
		{"POST", "/classify", "multipart/form-data; boundary=x", "", []byte("--x\r\nno"), 400, "reading multipart"},
		{"POST", "/classify", manyType, "", many, 413, "more than 3 pictures"},
		{"POST", "/classify", badType, "", bad, 415, `picture \"bad.png\"`},
		{"POST", "/classify", noneType, "", none, 400, "no picture in the request"},
		{"POST", "/classify", "", "image/png", pic, 406, "cannot be answered as image/png"},
		{"POST", "/detect", manyType, "image/png", many, 406, "4 pictures"},
	} {
		t.Run(fmt.Sprint(tt.path, " ", tt.want), func(t *testing.T) {
			h := http.Header{}
			if tt.kind != "" {
				h.Set("Content-Type", tt.kind)
			}
			if tt.accept != "" {
				h.Set("Accept", tt.accept)
			}
			res := s.do(tt.method, tt.path, h, bytes.NewReader(tt.body))
			s.expect(res, tt.status, tt.want)
			if e := decodeAs[struct{ Error string }](t, res); e.Error == "" {
				t.Error("no error in the answer")
			}
		})
	}
	// A body that does not say its length is bounded too.
	s.expect(s.do("POST", "/classify", nil, io.MultiReader(bytes.NewReader(make([]byte, 200<<10)))), 413, "longer than 100 KiB")

	fault := errors.New("the device burns")
	sessionFault.Store(&fault)
	defer sessionFault.Store(nil)
	res := s.do("POST", "/classify", nil, bytes.NewReader(pic))
	if s.expect(res, 500, "the model failed"); strings.Contains(res.Text, "burns") {
		t.Error("tells what is inside")
	}
	fault = session.ErrBusy
	if res := s.do("POST", "/classify", nil, bytes.NewReader(pic)); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("busy: %d", res.StatusCode)
	}
}

// Ensure that boxes are in pixels of the upload, and are drawn where PNG is asked for.
func TestImageDetect(t *testing.T) {
	s, _ := startImages(t)
	pic := drawn(64, 64, black, image.Rect(16, 32, 32, 48), red)
	a := decodeAs[pictureAnswer](t, s.do("POST", "/detect", nil, bytes.NewReader(pic)))
	if len(a.Boxes) != 1 || a.Boxes[0].Label != "square" || a.Boxes[0].Score < 0.9 {
		t.Fatalf("%+v", a)
	}
	for i, want := range []float64{16, 32, 32, 48} {
		if got := a.Boxes[0].Box[i]; got < want-1 || got > want+1 {
			t.Errorf("box %v, expected 16, 32 to 32, 48", a.Boxes[0].Box)
		}
	}
	if none := s.do("POST", "/detect", nil, bytes.NewReader(plain(32, 32, blue))); !strings.Contains(none.Text, `"boxes":[]`) {
		t.Errorf("%s", none.Text)
	}
	two := drawn(32, 32, black, image.Rect(0, 0, 16, 8), red)
	if a := decodeAs[pictureAnswer](t, s.do("POST", "/detect?top=1", nil, bytes.NewReader(two))); len(a.Boxes) != 1 {
		t.Errorf("%+v", a)
	}
	res := s.do("POST", "/detect", http.Header{"Accept": {"image/png"}}, bytes.NewReader(pic))
	s.expect(res, 200, "")
	img, err := png.Decode(strings.NewReader(res.Text))
	if err != nil || img.Bounds().Dx() != 64 || img.Bounds().Dy() != 64 || res.Header.Get("Content-Type") != "image/png" || len(res.Header.Get("Limen-Id")) != 26 {
		t.Fatalf("%v, %v", err, res.Header)
	}
	was, err := png.Decode(bytes.NewReader(pic))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for y := range 64 {
		for x := range 64 {
			r0, g0, b0, _ := was.At(x, y).RGBA()
			if r, g, b, _ := img.At(x, y).RGBA(); r != r0 || g != g0 || b != b0 {
				changed++
			}
		}
	}
	if changed < 16 {
		t.Errorf("%d pixels differ: nothing is drawn", changed)
	}
}

// Ensure that a client gets PNG where it prefers it, and JSON else.
func TestAccepts(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "image/png": true, "image/*": true, "image/png;q=0": false,
		"application/json, image/png;q=0.9": false, "application/json;q=0.5, image/png": true, "image/png, */*": true,
		"image/avif,image/webp,image/apng,image/*,*/*;q=0.8": true, "application/*, image/png;q=0.1": false, "nonsense": false,
	} {
		if got := caddymodule.Accepts([]string{header}, "image/png"); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
}

// Ensure that a gate passes an upload on whole when its pictures pass, and ends the
// request when one does not.
func TestImageGate(t *testing.T) {
	s, u := startImages(t)
	good, bad, other := plain(30, 30, blue), plain(30, 30, red), plain(30, 30, green)
	goodForm, goodType := uploadForm(t, "a.png", good, "comment", []byte("hello"), "b.png", plain(9, 9, blue))
	badForm, badType := uploadForm(t, "a.png", good, "b.png", bad)
	mixedForm, mixedType := uploadForm(t, "a.png", good, "notes.txt", []byte("hello"))
	hiddenForm, hiddenType := uploadForm(t, "comment", bad)
	fieldsForm, fieldsType := uploadForm(t, "comment", []byte("hello"))
	for _, tt := range []struct {
		name, method, path, kind string
		body                     []byte
		status                   int
		want                     string
	}{
		{"passes", "POST", "/upload", "image/png", good, 200, "upstream"},
		{"passes with PUT", "PUT", "/upload/1", "", good, 200, "upstream"},
		{"form passes", "POST", "/upload", goodType, goodForm, 200, "upstream"},
		{"form without files", "POST", "/upload", fieldsType, fieldsForm, 200, "upstream"},
		{"no body", "POST", "/upload", "", nil, 200, "upstream 0"},
		{"not asked", "GET", "/upload", "", nil, 200, "upstream"},
		{"elsewhere", "POST", "/other", "", bad, 200, "upstream"},
		{"rejected", "POST", "/upload", "", bad, 403, "403 picture rejected 01"},
		{"lacking", "POST", "/upload", "", other, 422, "does not show what is required 01"},
		{"form rejected", "POST", "/upload", badType, badForm, 403, "picture rejected"},
		{"picture in a field", "POST", "/upload", hiddenType, hiddenForm, 403, "picture rejected"},
		{"no picture", "POST", "/upload", "", []byte("hello"), 422, "no picture of a known format"},
		{"file of another kind", "POST", "/upload", mixedType, mixedForm, 422, `"notes.txt"`},
		{"JSON of another form", "POST", "/upload", "application/json", []byte(`{"a":1}`), 422, "no picture"},
		{"damaged", "POST", "/upload", "", good[:len(good)-16], 400, "picture"},
		{"too long", "POST", "/upload", "", make([]byte, 101<<10), 413, "max_bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.kind != "" {
				h.Set("Content-Type", tt.kind)
			}
			res := s.do(tt.method, tt.path, h, bytes.NewReader(tt.body))
			s.expect(res, tt.status, tt.want)
			if tt.status != 200 {
				u.none(t)
				return
			}
			got := u.last(t)
			if !bytes.Equal(got.Body, tt.body) || got.Header.Get("Content-Type") != tt.kind || got.Length != int64(len(tt.body)) {
				t.Errorf("the upstream got %d bytes of %q, sent were %d", len(got.Body), got.Header.Get("Content-Type"), len(tt.body))
			}
		})
	}
	// A chunked upload stays one.
	s.expect(s.do("POST", "/upload", nil, io.MultiReader(bytes.NewReader(good))), 200, "upstream")
	if got := u.last(t); !got.Chunked || !bytes.Equal(got.Body, good) {
		t.Errorf("chunked %t, %d bytes", got.Chunked, len(got.Body))
	}
	acts := s.acts("decision=block", 5)
	if a := acts[0]; a.Error == "" || a.Status != 400 {
		t.Errorf("%+v", a)
	}
	for _, a := range acts[1:] {
		if a.Reason == "" || a.Status != 403 && a.Status != 422 || len(a.Results) == 0 {
			t.Errorf("%+v", a)
		}
	}
	// What fails is no way through.
	fault := errors.New("the device burns")
	sessionFault.Store(&fault)
	defer sessionFault.Store(nil)
	s.expect(s.do("POST", "/upload", nil, bytes.NewReader(good)), 500, "the model failed")
	u.none(t)
}

// Ensure that a call with an Idempotency-Key is made once, by any number of
// duplicates, and that its row explains it.
func TestImageIdempotencyKey(t *testing.T) {
	s, _ := startImages(t)
	pic := plain(24, 24, red)
	key := http.Header{"Idempotency-Key": {"k-1"}}
	before := sessionRuns.Load()
	texts := make([]string, 8)
	var wait sync.WaitGroup
	for i := range texts {
		wait.Add(1)
		go func() {
			defer wait.Done()
			r, err := http.NewRequest("POST", s.URL+"/classify", bytes.NewReader(pic))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header = key
			res, err := s.Client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			raw, _ := io.ReadAll(res.Body)
			texts[i] = string(raw)
		}()
	}
	wait.Wait()
	for _, text := range texts {
		if text != texts[0] || !strings.Contains(text, `"red"`) {
			t.Errorf("%q, expected %q", text, texts[0])
		}
	}
	if n := sessionRuns.Load() - before; n != 1 {
		t.Errorf("%d runs", n)
	}
	res := s.do("POST", "/classify", key, bytes.NewReader(pic))
	if res.Header.Get("Idempotent-Replayed") != "true" || res.Text != texts[0] {
		t.Errorf("%v: %s", res.Header, res.Text)
	}
	s.expect(s.do("POST", "/classify?top=1", key, bytes.NewReader(pic)), 422, "used with another input")
	s.expect(s.do("POST", "/classify", http.Header{"Idempotency-Key": {"a b"}}, bytes.NewReader(pic)), 400, "visible ASCII")

	pngKey := http.Header{"Idempotency-Key": {"k-2"}, "Accept": {"image/png"}}
	first := s.do("POST", "/detect", pngKey, bytes.NewReader(pic))
	again := s.do("POST", "/detect", pngKey, bytes.NewReader(pic))
	if first.Text != again.Text || again.Header.Get("Content-Type") != "image/png" || first.Header.Get("Limen-Id") != again.Header.Get("Limen-Id") {
		t.Errorf("%v, %v", first.Header, again.Header)
	}
	s.expect(s.do("POST", "/classify", http.Header{"Idempotency-Key": {"k-3"}}, strings.NewReader("no")), 415, "")
	if res := s.do("POST", "/classify", http.Header{"Idempotency-Key": {"k-3"}}, bytes.NewReader(pic)); res.StatusCode != 200 || res.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after a call that failed: %d %v", res.StatusCode, res.Header)
	}
}

// Ensure that a call's row is found by its id from the command line and the admin
// endpoint, with all that it came from.
func TestImageProvenance(t *testing.T) {
	s, _ := startImages(t)
	pic := drawn(64, 64, black, image.Rect(16, 32, 32, 48), red)
	res := s.do("POST", "/detect?token=8d969eef6ecad3c29a3a629280e686cf", nil, bytes.NewReader(pic))
	id := res.Header.Get("Limen-Id")
	var chain store.ActChain
	if status := s.api("/limen/acts/"+id+"/why", &chain); status != 200 {
		t.Fatalf("status %d", status)
	}
	a := chain.Act
	if a.Procedure != "detect" || a.Version != 1 || a.Model != "squares" || !strings.HasPrefix(a.ModelDigest, "sha256:") || a.Format != "png" ||
		a.Width != 64 || a.InputBytes != int64(len(pic)) || len(a.InputDigest) != 71 || a.Device != "cpu" || a.Batch != 1 || a.Status != 200 ||
		len(a.Results) != 1 || a.Results[0].Box == nil || a.DecodeMicros == 0 || a.ClientIP != "127.0.0.1" || strings.Contains(a.Path, "8d969eef") {
		t.Errorf("%+v", a)
	}
	if chain.Model == nil || chain.Preset == nil || len(chain.Missing) != 0 || !strings.Contains(string(chain.Preset.Policy), `"preset":"yolox"`) ||
		!strings.Contains(string(chain.Model.Manifest), `"task":"detect"`) {
		t.Errorf("%+v", chain)
	}
	at := []string{"--address", s.admin()}
	out := must(t, append([]string{"why", id}, at...)...)
	for _, want := range []string{"detect " + id, "square (0)", "png, 64 by 64 pixels", a.ModelDigest, "yolox", "on cpu, 1 row"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if out := must(t, append([]string{"why", "--json", id}, at...)...); !strings.Contains(out, `"input_digest"`) {
		t.Errorf("%s", out)
	}
	if _, _, err := limen(t, "", append([]string{"why", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, at...)...); err == nil || !strings.Contains(err.Error(), "not in the store") {
		t.Errorf("%v", err)
	}
	if out := must(t, append([]string{"models"}, at...)...); !strings.Contains(out, "squares") || !strings.Contains(out, "in use on cpu") || !strings.Contains(out, "detect") {
		t.Errorf("%s", out)
	}
	s.do("POST", "/classify", nil, strings.NewReader("no picture"))
	if acts := s.acts("procedure=classify&limit=5", 1); acts[0].Status != 415 || acts[0].Error == "" {
		t.Errorf("%+v", acts[0])
	}
	for path, want := range map[string]int{"/limen/acts?who=x": 400, "/limen/acts/1": 400, "/limen/acts/01ARZ3NDEKTSV4RRFFQ69G5FAV": 404, "/limen/acts/" + id: 200} {
		if status := s.api(path, nil); status != want {
			t.Errorf("%s: status %d, expected %d", path, status, want)
		}
	}
	metrics, err := s.admins("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Body.Close()
	raw, _ := io.ReadAll(metrics.Body)
	for _, want := range []string{`limen_image_calls_total{model="squares",procedure="detect",result="ok"}`, `limen_image_seconds_bucket{model="squares",stage="decode"`, `limen_image_device_lost{device="cpu",model="squares"} 0`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no metric %s", want)
		}
	}
	var verify store.VerifyReport
	if err := s.verify(&verify); err != nil || verify.Found != 0 || verify.Rows < 2 {
		t.Errorf("%+v, %v", verify, err)
	}
}

// acts waits until n rows of calls match and returns them, the newest first.
func (s *server) acts(query string, n int) []*store.Act {
	s.t.Helper()
	var page store.ActPage
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		page.Acts = nil
		if status := s.api("/limen/acts?"+query, &page); status != http.StatusOK {
			s.t.Fatalf("listing calls: status %d", status)
		}
		if len(page.Acts) == n {
			return page.Acts
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d calls are stored, expected %d", len(page.Acts), n)
		}
	}
}

// verify asks the admin endpoint to check the store. The report is in the last line.
func (s *server) verify(r *store.VerifyReport) error {
	res, err := s.admins("/limen/verify")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	var last struct{ Report *store.VerifyReport }
	last.Report = r
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Report.Rows == 0 {
		return json.Unmarshal(lines[len(lines)-1], r)
	}
	return nil
}

// Ensure that a reload shares the models, takes up a file that was edited, frees what is
// no longer used, and refuses a model that does not fit, keeping the old one.
func TestImageReload(t *testing.T) {
	s, _ := startImages(t)
	pic := bytes.NewReader(plain(8, 8, red))
	ask := func() string {
		pic.Seek(0, io.SeekStart)
		return decodeAs[pictureAnswer](t, s.do("POST", "/classify", nil, pic)).Model
	}
	first := ask()
	if n := caddymodule.ImageModels(); n != 3 || sessionsOpen.Load() != 3 {
		t.Fatalf("%d models, %d sessions", n, sessionsOpen.Load())
	}
	for range 5 {
		s.reload(imageSite)
	}
	if again := ask(); again != first || caddymodule.ImageModels() != 3 {
		t.Errorf("%s, was %s, %d models", again, first, caddymodule.ImageModels())
	}
	path := s.vars["$COLOURS"]
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A field of the message that nothing reads: producer_version, as colours.onnx 2.
	write(t, path, append(raw, 0x1a, 1, '2'))
	s.reload(imageSite)
	if other := ask(); other == first {
		t.Errorf("still %s", other)
	}
	deadline := time.Now().Add(5 * time.Second)
	for sessionsOpen.Load() != 3 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if n := sessionsOpen.Load(); n != 3 {
		t.Errorf("%d sessions are open", n)
	}
	write(t, path, []byte("no model"))
	if err := s.load(imageSite); err == nil || !strings.Contains(err.Error(), "model colours") {
		t.Errorf("%v", err)
	}
	s.expect(s.do("POST", "/detect", nil, bytes.NewReader(plain(8, 8, red))), 200, "")
}

// Ensure that a configuration with a model that cannot be used is refused, and says
// why and what to do.
func TestImageConfigRefused(t *testing.T) {
	useTestSessions(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "two.txt"), []byte("a\nb\n"))
	s := newServer(t, map[string]string{"$DIR": dir})
	config := func(models, site string) string {
		return strings.Replace(globalBlock, "model http $MODEL\n", "model http $MODEL\n"+models+"\n", 1) + "$SITE {\n" + site + "\n}\n"
	}
	colours := "model colours testdata/images/colours.onnx {\n decoder logits\n labels testdata/images/colours.txt\n}"
	for _, tt := range []struct{ name, models, site, want string }{
		{"no model", "", "limen_image classify resnet", `no model "resnet": name it and its file`},
		{"another model", colours, "limen_image classify resnet", `no model "resnet": there are colours`},
		{"no file", "model x $DIR/none.onnx", "limen_inference", "no file $DIR/none.onnx"},
		{"folder", "model x $DIR", "limen_inference", "is a folder"},
		{"no ONNX", "model x testdata/images/colours.txt", "limen_inference", "cannot be run"},
		{"no labels file", "model x testdata/images/colours.onnx {\n labels $DIR/none.txt\n decoder logits\n}", "limen_inference", "labels: open"},
		{"labels of another number", "model x testdata/images/colours.onnx {\n labels $DIR/two.txt\n decoder logits\n}", "limen_inference", "labels"},
		{"not for pictures", "model add testdata/images/add.onnx", "limen_image classify add", "is none for pictures: give it a preset (imagenet"},
		{"wrong input", "model add testdata/images/add.onnx {\n decoder logits\n}", "limen_inference", "expected one of type FP32"},
		{"wrong decoder", "model x testdata/images/colours.onnx {\n decoder yolox\n}", "limen_inference", "output"},
		{"wrong task", colours, "limen_image detect colours", "is one to classify, not to detect"},
		{"unknown label", colours, "limen_image classify colours {\n reject pink > 0.5\n}", `no label "pink": it has red, green, verdant, blue`},
		{"rule without labels", strings.Replace(colours, "labels testdata/images/colours.txt", "", 1), "limen_image classify colours {\n reject red\n}", "has no labels file"},
		{"inference", colours, "limen_inference colours other", `no model "other"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := s.load(config(tt.models, tt.site))
			if want := strings.ReplaceAll(tt.want, "$DIR", dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v, expected %q", err, want)
			}
		})
	}
	if n := caddymodule.ImageModels(); n != 0 || sessionsOpen.Load() != 0 {
		t.Errorf("%d models and %d sessions are left", n, sessionsOpen.Load())
	}
	s.run(config(colours, "limen_image classify colours {\n require Verdant > 0.5\n}\nrespond ok")) // a part of a label, in another case
	s.expect(s.do("POST", "/", nil, bytes.NewReader(plain(8, 8, green))), 200, "ok")
}

// Ensure that in a gate with several rules each keeps its own score: one with a high score
// does not hide from another what the model finds below it, and one with a low score does
// not make more of what is merely found.
func TestImageGateScores(t *testing.T) {
	useTestSessions(t)
	u := startUpstream(t)
	s := start(t, imagesBlock+`$SITE {
	limen_image /high detect squares {
		reject circle > 0.8
		reject square
	}
	limen_image /low detect squares {
		reject circle > 0.1
		reject square
	}
	limen_image /any detect squares {
		reject square > 0
	}
	limen_image /named detect squares {
		min_score 0.6
		reject square
	}
	reverse_proxy $UPSTREAM
}
`, map[string]string{"$UPSTREAM": u.Addr, "$COLOURS": "testdata/images/colours.onnx"})
	// The model is as sure of a square as it is red, and finds from 0.3 on.
	square := func(score float64) []byte {
		return drawn(32, 32, black, image.Rect(8, 16, 16, 24), color.RGBA{uint8(255 * score), 0, 0, 255})
	}
	for _, tt := range []struct {
		path   string
		score  float64
		status int
	}{
		{"/high", 0.5, 403}, {"/high", 0.2, 200},
		{"/low", 0.5, 403}, {"/low", 0.2, 200},
		{"/any", 0.1, 403}, {"/any", 0, 200},
		{"/named", 0.7, 403}, {"/named", 0.5, 200},
	} {
		t.Run(fmt.Sprint(tt.path, tt.score), func(t *testing.T) {
			s.expect(s.do("POST", tt.path, nil, bytes.NewReader(square(tt.score))), tt.status, "")
		})
	}
}
