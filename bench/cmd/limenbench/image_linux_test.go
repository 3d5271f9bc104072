package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limen-waf/limen/bench/imagebench"
	"github.com/limen-waf/limen/bench/load"
	"github.com/limen-waf/limen/bench/site"
)

// Ensure that flags which make no sense are refused with their name.
func TestImageFlags(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"FILE"}, "FILE"},
		{[]string{"--parts", "classify,other"}, "--parts"},
		{[]string{"--connections", "0"}, "--connections"},
		{[]string{"--rounds", "0"}, "--rounds"},
		{[]string{"--time", "0s"}, "--time"},
		{[]string{"--threads", "-1"}, "--threads"},
		{[]string{"--batches", "1,x"}, "--batches"},
		{[]string{"--node-setting", "1,2,3"}, "--node-setting"},
		{[]string{"--node-setting", "1,2,3,0"}, "--node-setting"},
		{[]string{"--models", t.TempDir()}, "LIMEN_SHARED"},
	} {
		err := run(context.Background(), append([]string{"image"}, test.arguments...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v", test.arguments, err)
		}
	}
}

// fakeModels makes a folder with the files that image looks for.
func fakeModels(t *testing.T) string {
	folder := t.TempDir()
	for _, name := range []string{classifierModel, classifierLabels, batchModel, photosFolder + "/a.png"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Ensure that Limen and the bare loop get the same options, and that the Node server's
// settings are all tried unless some are named.
func TestImageSettings(t *testing.T) {
	s, err := parseImage([]string{"--models", fakeModels(t), "--threads", "3", "--runs", "2"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	text := s.contestant().Caddyfile("a", "h:1", "u", "d")
	if strings.Count(text, "\t\tthreads 3\n") != 2 || strings.Count(text, "\t\truns 2\n") != 2 {
		t.Errorf("threads and runs are not given to both models:\n%s", text)
	}
	if o := s.options(); o.Threads != 3 || o.Runs != 2 || o.Device != "cpu" {
		t.Errorf("%+v", o)
	}
	if two, err := s.nodeVariants(2); err != nil || len(two) != 6 || !slices.Contains(two, site.NodeSettings{Processes: 2, Sharp: 1, Session: 1, Pool: 4}) {
		t.Errorf("%v, %v", two, err)
	}
	if one, err := s.nodeVariants(1); err != nil || len(one) >= 6 {
		t.Errorf("the same settings are tried twice: %v, %v", one, err)
	}
	s.nodeSettings = list{"2,1,3,4"}
	if v, err := s.nodeVariants(2); err != nil || !slices.Equal(v, []site.NodeSettings{{Processes: 2, Sharp: 1, Session: 3, Pool: 4}}) {
		t.Errorf("%v, %v", v, err)
	}
}

// Ensure that contestants are measured in turns and related within a round, and that an
// answer other than 200 is an error.
func TestImageTurns(t *testing.T) {
	status := http.StatusOK
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}))
	defer web.Close()
	message := imagebench.Post("/classify", make([]byte, 1000), "Content-Type", "image/jpeg")
	address := strings.TrimPrefix(web.URL, "http://")
	first := server("limen", "s", address, 2, []load.Message{message}, os.Getpid())
	second := &imageContestant{name: "bare", settings: "b", inside: true, rows: 4, drive: func(_ context.Context, count int) (*load.Result, error) {
		return &load.Result{Finished: count, Elapsed: time.Duration(count) * time.Second, Latencies: make([]time.Duration, count)}, nil
	}}
	st := &stage{log: io.Discard, began: time.Now()}
	s := &imageSettings{rounds: 2, requests: 6, seconds: time.Second}
	if err := st.turns(t.Context(), s, []*imageContestant{first, second}, 3); err != nil {
		t.Fatal(err)
	}
	rows := summarizeImage([]*imageContestant{first, second})
	if rows[0].Finished < 6 || rows[0].Relative.Median != 1 || rows[0].Rate.N != 2 || rows[0].Rate.Min <= 0 {
		t.Errorf("%+v", rows[0])
	}
	// 4 rows a call, a call a second.
	if rows[1].Rate.Median != 4 || rows[1].Rounds[1].Finished != 3 || rows[1].Relative.Median != (rows[0].Rounds[0].Rate+rows[0].Rounds[1].Rate)/8 {
		t.Errorf("%+v", rows[1])
	}
	var w bytes.Buffer
	r := imageReport{Classify: rows, Agree: map[string]int{"limen": 5}, NoNode: "none here", Added: []*imageAdded{{Rows: 2, Calls: 7}},
		ClassifyTried: []imageTried{{Name: "bare", Settings: "b", Rate: 4, Taken: true}}}
	r.Photos.Count = 5
	r.write(&w)
	for _, want := range []string{"| bare | b | 4.0 (4.0–4.0) | ", "none here", "bare, b: 4.0/s (taken)", "limen has the bare loop's most probable class on 5 of 5 photos", "| 2 | 7 | p99 | "} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("%q is not in\n%s", want, &w)
		}
	}
	status = http.StatusTeapot
	if _, err := st.once(t.Context(), first, 4); err == nil || !strings.Contains(err.Error(), "4 of 4 requests were not answered with 200") {
		t.Errorf("refused requests: %v", err)
	}
}

// Ensure that a count follows the pace, within its bounds.
func TestImageCount(t *testing.T) {
	for _, test := range []struct {
		per              time.Duration
		least, most, out int
	}{{0, 16, 100, 16}, {10 * time.Millisecond, 16, 1000, 200}, {time.Microsecond, 16, 1000, 1000}, {time.Minute, 16, 1000, 16}, {time.Minute, 16, 4, 16}} {
		c := imageContestant{per: test.per}
		if n := c.count(test.least, test.most, 2*time.Second); n != test.out {
			t.Errorf("%+v: %d", test, n)
		}
	}
}

// Ensure that the most probable class is read from an answer, and its absence told.
func TestTopIndex(t *testing.T) {
	if n, err := topIndex([]byte(`{"labels":[{"label":"cat","index":285},{"index":1}]}`)); err != nil || n != 285 {
		t.Errorf("%d, %v", n, err)
	}
	for _, body := range []string{``, `{}`, `{"labels":[]}`, `{"labels":[{"label":"cat"}]}`, `[]`} {
		if n, err := topIndex([]byte(body)); err == nil {
			t.Errorf("%q: %d", body, n)
		}
	}
}
