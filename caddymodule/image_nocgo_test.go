//go:build !cgo

package caddymodule_test

import (
	"strings"
	"testing"
)

// Ensure that without cgo a configuration with an image model is refused with the way
// out, and one without is not.
func TestImageWithoutCgo(t *testing.T) {
	s := newServer(t, nil)
	config := strings.Replace(globalBlock, "model http $MODEL\n", "model http $MODEL\nmodel add testdata/images/add.onnx\n", 1) + "$SITE {\n limen_inference\n}\n"
	if err := s.load(config); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=1 ./xcaddy.sh") || !strings.Contains(err.Error(), "model add") {
		t.Errorf("%v", err)
	}
	s.run(answers)
	s.expect(s.get("/"), 200, "hello")
	for procedure, input := range map[string]string{"classify": `{"model":"m","image_b64":"x"}`, "detect": `{"model":"m","image_b64":"x"}`, "infer": `{"model":"m","inputs":[]}`} {
		s.expect(s.post("/limen/call/"+procedure, input, nil), 404, "image models need the cgo build")
	}
}

// Ensure that without cgo the doctor says so of each image model, and what to do.
func TestDoctorImagesWithoutCgo(t *testing.T) {
	works, findings := doctorImages(t, "model add testdata/images/add.onnx")
	if f := findings["model add"]; works || f.State != "broken" || !strings.Contains(f.Found, "CGO_ENABLED=1 ./xcaddy.sh") || !strings.Contains(f.Advice, "take the model out") {
		t.Errorf("%+v", f)
	}
}
