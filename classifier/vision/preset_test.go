package vision_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/vision"
)

// preset returns a preset that there is.
func preset(t testing.TB, name string) vision.Spec {
	t.Helper()
	s, err := vision.Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Ensure that every preset is valid, has a digest of its own and is a copy.
func TestPresets(t *testing.T) {
	names := vision.Presets()
	for _, want := range []string{"imagenet", "imagenet-nhwc", "nsfw", "yolox", "ssd", "fastestdet", "rfb"} {
		if !slices.Contains(names, want) {
			t.Errorf("preset %s is missing", want)
		}
	}
	digests := map[string]string{}
	for _, name := range names {
		s := preset(t, name)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other := digests[s.Digest()]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[s.Digest()] = name

		for i := range s.Strides {
			s.Strides[i] = -1
		}
		if s.Anchors != nil {
			s.Anchors.AspectRatios[0], s.Anchors.MinScale = -1, -1
		}
		if again := preset(t, name); again.Validate() != nil {
			t.Errorf("%s: a change to one copy of the preset shows in the next: %v", name, again.Validate())
		}
	}
}

// Ensure that the error for an unknown preset names those there are.
func TestPresetUnknown(t *testing.T) {
	s, err := vision.Preset("resnet")
	if !errors.Is(err, vision.ErrPreset) {
		t.Fatalf("got %v, expected ErrPreset", err)
	}
	for _, name := range append(vision.Presets(), `"resnet"`) {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
	if !reflect.DeepEqual(s, vision.Spec{}) {
		t.Errorf("got %+v with an error", s)
	}
}
