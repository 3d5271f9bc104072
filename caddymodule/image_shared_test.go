package caddymodule_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"

	"github.com/limen-waf/limen/caddymodule"
)

// sharedModels is the folder of real models, which are not part of the repository.
func sharedModels(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LIMEN_SHARED")
	if dir == "" {
		dir = filepath.Join(root, "..", "shared")
	}
	dir = filepath.Join(dir, "models")
	if _, err := os.Stat(filepath.Join(dir, "photos", "chelsea.png")); err != nil {
		t.Skip("no real models: name their folder in LIMEN_SHARED")
	}
	if _, err := ort.Find(root); err != nil {
		t.Skip(err)
	}
	return dir
}

// Ensure that real models, configured by their presets, see in photos what is in them.
func TestImageSharedModels(t *testing.T) {
	dir := sharedModels(t)
	t.Cleanup(caddymodule.SetOpenSession(func(name string, onnx []byte, o session.Options) (caddymodule.ModelSession, error) {
		o.DataDir = root
		return session.Open(name, onnx, o)
	}))
	models := []struct{ name, preset, labels, task, photo, want string }{
		{"mobilenetv2_int8", "imagenet", "imagenet1000", "classify", "chelsea.png", "Egyptian cat"},
		{"mobilenet_v1_025_128", "imagenet-nhwc", "imagenet1001", "classify", "coffee.png", "espresso"},
		{"nsfw_mobilenet_v2_mid", "nsfw", "nsfw5", "classify", "coffee.png", "Neutral"},
		{"yolox_nano", "yolox", "coco80", "detect", "dog.jpg", "bicycle"},
		{"fastestdet", "fastestdet", "coco80", "detect", "chelsea.png", "cat"},
		{"ssd_mobilenetv2_oidv4", "ssd", "oidv4_24", "detect", "dog.jpg", "Dog"},
		{"ultraface", "rfb", "", "detect", "astronaut.png", ""},
	}
	var config, site strings.Builder
	found := 0
	for _, m := range models {
		file, err := filepath.Glob(filepath.Join(dir, m.name, "*.onnx"))
		if err != nil || len(file) != 1 {
			t.Logf("%s: %v %v", m.name, file, err)
			continue
		}
		found++
		labels := ""
		if named, _ := filepath.Glob(filepath.Join(dir, "*", m.labels+"*")); m.labels != "" && len(named) > 0 {
			labels = "labels " + named[0]
		}
		fmt.Fprintf(&config, "model %s %s {\n preset %s\n %s\n}\n", m.name, file[0], m.preset, labels)
		fmt.Fprintf(&site, "handle /%s {\n limen_image %s %s\n}\n", m.name, m.task, m.name)
	}
	if found == 0 {
		t.Skip("no model")
	}
	s := start(t, strings.Replace(globalBlock, "model http $MODEL\n", "model http $MODEL\n"+config.String(), 1)+"$SITE {\n"+site.String()+"}\n", nil)
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			photo, err := os.ReadFile(filepath.Join(dir, "photos", m.photo))
			if err != nil {
				t.Fatal(err)
			}
			res := s.do("POST", "/"+m.name, nil, bytes.NewReader(photo))
			if res.StatusCode == http.StatusOK && res.Text == "" {
				t.Skip("not there")
			}
			s.expect(res, 200, "")
			a := decodeAs[pictureAnswer](t, res)
			switch {
			case m.task == "classify" && (len(a.Labels) == 0 || !strings.Contains(a.Labels[0].Label, m.want)):
				t.Errorf("%s", res.Text)
			case m.task == "detect":
				seen := false
				for _, b := range a.Boxes {
					seen = seen || m.want == "" || b.Label == m.want
					if b.Box[0] < 0 || b.Box[1] < 0 || b.Box[2] > float64(a.Width) || b.Box[3] > float64(a.Height) {
						t.Errorf("box %v is not in the picture", b.Box)
					}
				}
				if !seen {
					t.Errorf("no %q in %s", m.want, res.Text)
				}
			}
		})
	}
}
