package caddymodule_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that pictures are classified and searched from the command line by the running
// server's models, in words and as JSON, and that boxes are drawn.
func TestCLILook(t *testing.T) {
	s, _ := startImages(t)
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		write(t, path, data)
		return path
	}
	greenFile, blueFile := file("green.png", plain(9, 9, green)), file("blue.png", plain(9, 9, blue))
	squareFile, badFile := file("square.png", redSquare), file("bad.png", []byte("no picture"))
	at := func(args ...string) []string { return append(args, "--address", s.admin(), "--as", "alice") }

	out := must(t, at("classify", "colours", greenFile, blueFile, "--top", "2")...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[0], "file") || !strings.Contains(lines[1], "green, verdant") || !strings.HasPrefix(lines[1], greenFile) ||
		strings.HasPrefix(lines[2], greenFile) || !strings.Contains(lines[3], "blue") {
		t.Errorf("%s", out)
	}
	if acts := s.acts("principal=alice&procedure=classify", 2); !strings.Contains(lines[3], acts[0].ID.String()) {
		t.Errorf("%s is not in %s", acts[0].ID, lines[3])
	}
	out, _, err := limen(t, string(plain(9, 9, blue)), at("classify", "colours", "-", "--min-score", "0.5", "--json")...)
	var line struct {
		File, ID, Procedure, Principal string
		Version, Found                 int
		Output                         pictureAnswer
	}
	if err != nil || json.Unmarshal([]byte(out), &line) != nil || line.File != "-" || line.Procedure != "classify" || line.Version != 1 || line.Principal != "alice" ||
		line.Found != 1 || len(line.Output.Labels) != 1 || line.Output.Labels[0].Label != "blue" || line.Output.ID != line.ID {
		t.Errorf("%v: %s", err, out)
	}

	drawnFile := filepath.Join(dir, "out.png")
	out = must(t, at("detect", "squares", squareFile, "--out", drawnFile)...)
	if !strings.Contains(out, "square") || !strings.Contains(out, "16,32,32,48") {
		t.Errorf("%s", out)
	}
	raw, err := os.ReadFile(drawnFile)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(raw)); err != nil || img.Bounds().Dx() != 64 || bytes.Equal(raw, redSquare) {
		t.Errorf("%v", err)
	}
	if out := must(t, at("detect", "squares", squareFile, "--json", "--out", drawnFile)...); strings.Contains(out, "png_b64") || !strings.Contains(out, `"boxes":[{`) {
		t.Errorf("%s", out)
	}
	if out := must(t, at("detect", "squares", blueFile)...); !strings.Contains(out, "nothing") {
		t.Errorf("%s", out)
	}

	// A file that is no picture does not keep the others from being looked at.
	out, told, err := limen(t, "", at("classify", "colours", badFile, blueFile)...)
	if err == nil || err.Error() != "1 of 2 files could not be looked at" || !strings.HasPrefix(told, badFile+": ") || !strings.Contains(told, "not a picture") || !strings.Contains(out, "blue") {
		t.Errorf("%v, %s, %s", err, told, out)
	}
	key := at("classify", "colours", greenFile, "--key", "k1", "--json")
	if first, again := must(t, key...), must(t, key...); strings.Contains(first, `"stored"`) || strings.Replace(again, `"stored":true,`, "", 1) != first {
		t.Errorf("%s%s", first, again)
	}

	fault := errors.New("the device burns")
	sessionFault.Store(&fault)
	_, _, err = limen(t, "", at("classify", "colours", greenFile, blueFile)...)
	sessionFault.Store(nil)
	if err == nil || !strings.Contains(err.Error(), greenFile) || !strings.Contains(err.Error(), "the device burns") {
		t.Errorf("%v", err)
	}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"no MODEL given", at("classify")},
		{`pictures to detect with model "squares"`, at("detect", "squares")},
		{"--top is 0", at("classify", "colours", greenFile, "--top", "0")},
		{"--min-score is 2", at("classify", "colours", greenFile, "--min-score", "2")},
		{"give one FILE", at("detect", "squares", squareFile, squareFile, "--out", drawnFile)},
		{"--key is k", at("detect", "squares", squareFile, squareFile, "--key", "k")},
		{"no such file", at("classify", "colours", dir+"/none.png")},
		{dir + ": is a folder", at("classify", "colours", dir)},
		{"--out: open " + dir + "/none/out.png", at("detect", "squares", squareFile, "--out", dir+"/none/out.png")},
		{`no model "resnet": there are add, colours, squares`, at("classify", "resnet", greenFile)},
		{"is one to detect, not to classify", at("classify", "squares", greenFile, blueFile)},
		{"classify needs the running server, whose admin endpoint --address names", []string{"classify", "colours", greenFile, "--address", freeAddr(t)}},
	} {
		if out, _, err := limen(t, "", tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, expected %q\n%s", tt.args, err, tt.want, out)
		}
	}
}

// Ensure that a model is run on tensors from the command line.
func TestCLIInfer(t *testing.T) {
	s, _ := startImages(t)
	file := filepath.Join(t.TempDir(), "request.json")
	write(t, file, []byte(addRequest))
	at := func(args ...string) []string { return append(args, "--address", s.admin()) }
	var response struct {
		ID      string
		Outputs []struct{ Data []int }
	}
	out := must(t, at("infer", "add", file)...)
	if err := json.Unmarshal([]byte(out), &response); err != nil || len(response.Outputs) != 2 || response.Outputs[0].Data[3] != 44 {
		t.Errorf("%v: %s", err, out)
	}
	if acts := s.acts("procedure=infer", 1); acts[0].ID.String() != response.ID {
		t.Errorf("%s, row %s", response.ID, acts[0].ID)
	}
	var call actCall
	out, _, err := limen(t, addRequest, at("infer", "add", "-", "--json", "--as", "bob")...)
	if err != nil || json.Unmarshal([]byte(out), &call) != nil || call.Principal != "bob" || call.Procedure != "infer" || !bytes.Contains(call.Output, []byte("OUTPUT1")) {
		t.Errorf("%v: %s", err, out)
	}
	binary := strings.Replace(addRequest, `"inputs"`, `"parameters":{"binary_data_output":true},"inputs"`, 1)
	if out, _, err := limen(t, binary, at("infer", "add", "-")...); err != nil || !strings.Contains(out, "OUTPUT0") || !strings.HasSuffix(out, "\xdc\xff\xff\xff") { // 4-40
		t.Errorf("%v: %q", err, out)
	}
	for _, tt := range []struct {
		want, stdin string
		args        []string
	}{
		{"expected a MODEL", "", at("infer", "add")},
		{"none.json", "", at("infer", "add", "none.json")},
		{"-: expected an infer request", "[]", at("infer", "add", "-")},
		{"-: is null", "null", at("infer", "add", "-")},
		{`names model "sub", not "add"`, `{"model":"sub"}`, at("infer", "add", "-")},
		{"there are add, colours", addRequest, at("infer", "sub", "-")},
		{"INPUT0", `{"inputs":[]}`, at("infer", "add", "-")},
		{"infer needs the running server", addRequest, []string{"infer", "add", "-", "--address", freeAddr(t)}},
	} {
		if _, _, err := limen(t, tt.stdin, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, expected %q", tt.args, err, tt.want)
		}
	}
}
