package caddymodule_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/limen-waf/limen/store"
)

// actCall is the admin endpoint's answer to a call of classify, detect or infer.
type actCall struct {
	store.Act
	Stored    bool
	Output    json.RawMessage
	OutputB64 []byte `json:"output_b64"`
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// redSquare is a picture with something for the model squares to find.
var redSquare = drawn(64, 64, black, image.Rect(16, 32, 32, 48), red)

// inferInput is addRequest as the input of procedure infer.
var inferInput = `{"model":"add",` + strings.TrimPrefix(addRequest, "{")

// callAct calls a procedure through the admin endpoint.
func (s *server) callAct(name, input string, header http.Header) (c actCall) {
	s.t.Helper()
	res := s.post("/limen/call/"+name, input, header)
	s.expect(res, 200, "")
	if err := json.Unmarshal([]byte(res.Text), &c); err != nil {
		s.t.Fatalf("%v: %.300s", err, res.Text)
	}
	return c
}

// Ensure that classify, detect and infer stand in the registry with the others, under one
// version wherever it is told.
func TestActProcedures(t *testing.T) {
	s, _ := startImages(t)
	var list struct{ Procedures []store.ProcedureInfo }
	s.api("/limen/procedures", &list)
	var names []string
	for _, p := range list.Procedures {
		names = append(names, p.Name)
		if acts := slices.Contains([]string{"classify", "detect", "infer"}, p.Name); p.Acts != acts || p.Version < 1 || p.About == "" {
			t.Errorf("%+v", p)
		} else if acts && p.FirstSeen.IsZero() {
			t.Errorf("%s was never seen", p.Name)
		}
	}
	for _, want := range []string{"classify", "detect", "except", "infer", "label", "promote", "replay", "rollback", "score"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
}

// Ensure that the admin endpoint calls them as the handlers do: with the same output, and a
// row of the same kind that says who called and how.
func TestCallAct(t *testing.T) {
	s, _ := startImages(t)
	alice := http.Header{"Limen-Principal": {"alice"}}
	by := func(res response) string { // without what differs from call to call
		var v map[string]any
		if err := json.Unmarshal([]byte(res.Text), &v); err != nil {
			t.Fatalf("%v: %.300s", err, res.Text)
		}
		delete(v, "id")
		delete(v, "us")
		raw, _ := json.Marshal(v)
		return string(raw)
	}
	for _, tt := range []struct {
		procedure, model, input string
		path                    string
		body                    []byte
		inputBytes              int
	}{
		{"classify", "colours", `{"model":"colours","image_b64":"` + b64(plain(9, 9, green)) + `","top":2}`, "/classify?top=2", plain(9, 9, green), len(plain(9, 9, green))},
		{"detect", "squares", `{"model":"squares","image_b64":"data:image/png;base64,` + b64(redSquare) + `"}`, "/detect", redSquare, len(redSquare)},
		{"infer", "add", inferInput, "/v2/models/add/infer", []byte(addRequest), 32},
	} {
		t.Run(tt.procedure, func(t *testing.T) {
			c := s.callAct(tt.procedure, tt.input, alice)
			if c.Procedure != tt.procedure || c.Version != 1 || c.Model != tt.model || c.Principal != "alice" || c.Status != 200 || c.Stored ||
				c.InputBytes != int64(tt.inputBytes) || c.Path != "/limen/call/"+tt.procedure || c.ClientIP != "127.0.0.1" || c.Server != "admin" || len(c.OutputB64) != 0 {
				t.Errorf("%+v", c)
			}
			handler := s.do("POST", tt.path, typed("application/json"), bytes.NewReader(tt.body))
			if tt.procedure != "infer" {
				handler = s.do("POST", tt.path, nil, bytes.NewReader(tt.body))
			}
			if got, want := by(response{Text: string(c.Output)}), by(handler); got != want {
				t.Errorf("output %s\nof the handler %s", got, want)
			}
			// The row is on disk by now, and is like the handler's.
			var chain, other store.ActChain
			if s.api("/limen/acts/"+c.ID.String()+"/why", &chain); chain.Act == nil || chain.Model == nil || len(chain.Missing) != 0 {
				t.Fatalf("%+v", chain)
			}
			s.api("/limen/acts/"+handler.Header.Get("Limen-Id")+"/why", &other)
			if a, b := chain.Act, other.Act; a.InputDigest != b.InputDigest || a.ModelDigest != b.ModelDigest || a.PresetDigest != b.PresetDigest ||
				a.Found != b.Found || fmt.Sprint(a.Device, a.Format, a.Width) != fmt.Sprint(b.Device, b.Format, b.Width) {
				t.Errorf("%+v\n%+v", a, b)
			}
			out := must(t, "why", c.ID.String(), "--address", s.admin())
			for _, want := range []string{tt.procedure + " " + c.ID.String(), "alice", "/limen/call/" + tt.procedure} {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}

// Ensure that several pictures are one call with a row each, that boxes are drawn where
// that is asked for, and that an output that is no JSON comes in Base64.
func TestCallActForms(t *testing.T) {
	s, _ := startImages(t)
	c := s.callAct("classify", fmt.Sprintf(`{"model":"colours","images_b64":[%q,%q],"min_score":0.5}`, b64(plain(8, 8, red)), b64(plain(8, 8, blue))), nil)
	var many struct{ Results []pictureAnswer }
	if err := json.Unmarshal(c.Output, &many); err != nil || len(many.Results) != 2 || many.Results[0].ID != c.ID.String() || many.Results[1].Labels[0].Label != "blue" || len(many.Results[1].Labels) != 1 {
		t.Fatalf("%v: %s", err, c.Output)
	}
	if acts := s.acts("principal=admin", 2); acts[0].ID.String() != many.Results[1].ID && acts[1].ID.String() != many.Results[1].ID {
		t.Errorf("%+v", acts)
	}
	c = s.callAct("detect", `{"model":"squares","draw":true,"image_b64":"`+b64(redSquare)+`"}`, nil)
	var one struct {
		pictureAnswer
		PNG []byte `json:"png_b64"`
	}
	if err := json.Unmarshal(c.Output, &one); err != nil || len(one.Boxes) != 1 {
		t.Fatalf("%v: %s", err, c.Output)
	}
	shown := s.do("POST", "/detect", http.Header{"Accept": {"image/png"}}, bytes.NewReader(redSquare))
	if img, err := png.Decode(bytes.NewReader(one.PNG)); err != nil || img.Bounds().Dx() != 64 || shown.Text != string(one.PNG) {
		t.Errorf("%v, %d bytes, of the handler %d", err, len(one.PNG), len(shown.Text))
	}
	c = s.callAct("infer", strings.Replace(inferInput, `"inputs"`, `"model_version":"1","parameters":{"binary_data_output":true},"inputs"`, 1), nil)
	if !strings.HasPrefix(c.OutputType, "application/octet-stream") || !bytes.Contains(c.OutputB64, []byte("OUTPUT0")) || len(c.Output) != 0 {
		t.Errorf("%s: %q", c.OutputType, c.OutputB64)
	}
}

// Ensure that what is wrong with a call is said, with the names there are, and that a call
// that failed has a row.
func TestCallActRefused(t *testing.T) {
	s, _ := startImages(t)
	pic := b64(plain(8, 8, red))
	for _, tt := range []struct {
		procedure, input string
		status           int
		want             string
	}{
		{"classify", `{`, 400, "input of procedure classify"},
		{"classify", `{} {}`, 400, "more than one JSON value"},
		{"classify", `{"model":"colours","picture":"x"}`, 400, `unknown field \"picture\"`},
		{"classify", `{"image_b64":"` + pic + `"}`, 400, `no \"model\"`},
		{"classify", `{"model":"resnet","image_b64":"` + pic + `"}`, 404, `no model \"resnet\": there are add, colours, squares`},
		{"classify", `{"model":"squares","image_b64":"` + pic + `"}`, 409, "is one to detect, not to classify"},
		{"detect", `{"model":"add","image_b64":"` + pic + `"}`, 409, "is none for pictures"},
		{"classify", `{"model":"colours"}`, 400, `\"image_b64\"`},
		{"classify", `{"model":"colours","images_b64":[]}`, 400, `\"images_b64\"`},
		{"classify", `{"model":"colours","image_b64":"` + pic + `","images_b64":["` + pic + `"]}`, 400, "expected one picture"},
		{"classify", `{"model":"colours","image_b64":"!"}`, 400, "not Base64"},
		{"classify", `{"model":"colours","image_b64":"` + pic + `","top":0}`, 400, "top is"},
		{"classify", `{"model":"colours","image_b64":"` + pic + `","min_score":2}`, 400, "min_score is"},
		{"classify", `{"model":"colours","image_b64":"` + pic + `","draw":true}`, 400, `\"draw\" is of detect`},
		{"classify", `{"model":"colours","images_b64":["` + strings.Repeat(pic+`","`, 16) + pic + `"]}`, 413, "more than 16 pictures"},
		{"classify", `{"model":"colours","image_b64":"aGVsbG8="}`, 415, "not a picture"},
		{"infer", addRequest, 400, `no \"model\"`},
		{"infer", strings.Replace(inferInput, `"add"`, `7`, 1), 400, "expected a name"},
		{"infer", strings.Replace(inferInput, `"add"`, `"sub"`, 1), 404, "there are add, colours"},
		{"infer", strings.Replace(inferInput, `"add"`, `"add","model_version":"9"`, 1), 404, "version"},
		{"infer", strings.Replace(inferInput, "INPUT1", "INPUT2", 1), 400, "INPUT"},
	} {
		t.Run(tt.procedure+" "+tt.want, func(t *testing.T) {
			res := s.post("/limen/call/"+tt.procedure, tt.input, nil)
			s.expect(res, tt.status, tt.want)
		})
	}
	if acts := s.acts("procedure=classify", 1); acts[0].Status != 415 || acts[0].Error == "" || acts[0].Path != "/limen/call/classify" {
		t.Errorf("%+v", acts[0])
	}
	if acts := s.acts("procedure=infer", 1); acts[0].Status != 400 || acts[0].Error == "" || acts[0].Server != "admin" {
		t.Errorf("%+v", acts[0])
	}
	// What is too long is refused before it is sent.
	conn, err := net.Dial("tcp", s.admin())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /limen/call/classify HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", s.admin(), 64<<20+1)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, " 413 ") {
		t.Errorf("a long input: %q, %v", line, err)
	}
	fault := fmt.Errorf("the device burns")
	sessionFault.Store(&fault)
	defer sessionFault.Store(nil)
	s.expect(s.post("/limen/call/classify", `{"model":"colours","image_b64":"`+pic+`"}`, nil), 500, "the device burns")
}

// Ensure that a call with an Idempotency-Key is made once, by duplicates at the same time,
// again later, and after a restart; and that the key of one call is no other's.
func TestCallActOnce(t *testing.T) {
	s, _ := startImages(t)
	inputs := map[string]string{
		"classify": `{"model":"colours","image_b64":"` + b64(plain(24, 24, red)) + `"}`,
		"detect":   `{"model":"squares","draw":true,"image_b64":"` + b64(redSquare) + `"}`,
		"infer":    inferInput,
	}
	header := func(procedure string) http.Header {
		return http.Header{"Idempotency-Key": {"k-" + procedure}, "Limen-Principal": {"anonymous"}, "Content-Type": {"application/json"}}
	}
	first := make(map[string]actCall)
	for procedure, input := range inputs {
		before := sessionRuns.Load()
		calls := make([]actCall, 8)
		var wait sync.WaitGroup
		for i := range calls {
			wait.Add(1)
			go func() {
				defer wait.Done()
				r, err := http.NewRequest("POST", s.Admin+"/limen/call/"+procedure, strings.NewReader(input))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header = header(procedure)
				res, err := s.Client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				raw, err := io.ReadAll(res.Body)
				if err == nil {
					err = json.Unmarshal(raw, &calls[i])
				}
				if err != nil {
					t.Errorf("%v: %.200s", err, raw)
				}
			}()
		}
		wait.Wait()
		stored := 0
		for _, c := range calls {
			if c.Stored {
				stored++
			}
			if c.ID != calls[0].ID || string(c.Output) != string(calls[0].Output) || len(c.Output) == 0 || c.Key != "k-"+procedure {
				t.Errorf("%s: %+v, expected %+v", procedure, c, calls[0])
			}
		}
		if n := sessionRuns.Load() - before; n != 1 || stored != len(calls)-1 {
			t.Errorf("%s: %d runs, %d stored", procedure, n, stored)
		}
		first[procedure] = calls[0]
	}
	again := func(when string) {
		t.Helper()
		before := sessionRuns.Load()
		for procedure, input := range inputs {
			c := s.callAct(procedure, input, header(procedure))
			if !c.Stored || c.ID != first[procedure].ID || string(c.Output) != string(first[procedure].Output) {
				t.Errorf("%s, %s: %+v", when, procedure, c)
			}
		}
		if n := sessionRuns.Load() - before; n != 0 {
			t.Errorf("%s: %d runs", when, n)
		}
	}
	again("at once")
	// The handler makes the same call: its key is this one.
	res := s.do("POST", "/classify", http.Header{"Idempotency-Key": {"k-classify"}}, bytes.NewReader(plain(24, 24, red)))
	if res.Header.Get("Idempotent-Replayed") != "true" || res.Header.Get("Limen-Id") != first["classify"].ID.String() {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	s.restart(imageSite)
	again("after a restart")
	for _, tt := range []struct{ procedure, input, key string }{
		{"classify", strings.Replace(inputs["classify"], "{", `{"top":1,`, 1), "classify"},
		{"classify", inputs["classify"], "infer"},
		{"detect", strings.Replace(inputs["detect"], "true", "false", 1), "detect"},
		{"infer", strings.Replace(inferInput, "40", "41", 1), "infer"},
		{"label", `{"verdict":"01ARZ3NDEKTSV4RRFFQ69G5FAV","label":"attack"}`, "infer"},
	} {
		s.expect(s.post("/limen/call/"+tt.procedure, tt.input, header(tt.key)), 422, "used with another input")
	}
	// A call that fails leaves its key free, and an input in another form is the same one.
	s.expect(s.post("/limen/call/classify", `{"model":"colours","image_b64":"aGVsbG8="}`, header("free")), 415, "")
	if c := s.callAct("infer", inferInput, header("free")); c.Stored {
		t.Errorf("%+v", c)
	}
	if c := s.callAct("infer", strings.ReplaceAll(inferInput, "\n\t", "  "), header("free")); !c.Stored {
		t.Errorf("%+v", c)
	}
	var verify store.VerifyReport
	if err := s.verify(&verify); err != nil || verify.Found != 0 || verify.Rows < 4 {
		t.Errorf("%+v, %v", verify, err)
	}
}

// Ensure that an input may be longer than those of other procedures.
func TestCallActLarge(t *testing.T) {
	s, _ := startImages(t)
	c := s.callAct("classify", strings.Repeat(" ", 9<<20)+`{"model":"colours","image_b64":"`+b64(plain(9, 9, green))+`"}`, nil)
	if c.Status != 200 || !strings.Contains(string(c.Output), "verdant") {
		t.Errorf("%+v", c)
	}
}
