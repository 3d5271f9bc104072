package caddymodule_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/limen-waf/limen/caddymodule"
)

var update = flag.Bool("update", false, "write the JSON of the golden adapt tests anew")

const dashes = "----------\n"

func adapt(t *testing.T, text string) (string, error) {
	t.Helper()
	config, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		return "", err
	}
	for _, w := range warnings {
		t.Errorf("warning: line %d: %s", w.Line, w.Message)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, config, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return pretty.String() + "\n", nil
}

// Ensure that every option goes from Caddyfile to JSON as the golden files say.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, ok := strings.Cut(string(raw), dashes)
			if !ok {
				t.Fatal("no line of dashes")
			}
			got, err := adapt(t, text)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(text+dashes+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("adapts to\n%s\nexpected\n%s", got, want)
			}
		})
	}
}

// Ensure that the JSON of every option decodes to the handler that it came from.
func TestRoundTrip(t *testing.T) {
	for _, threshold := range []string{"threshold 0.95", "target_fpr 0.001"} {
		t.Run(threshold, func(t *testing.T) { roundTrip(t, threshold) })
	}
}

func roundTrip(t *testing.T, threshold string) {
	d := caddyfile.NewTestDispenser(`limen {
		mode tag
		` + threshold + `
		class sqli 0.9
		deadline 5ms
		on_error block
		body_limit 256KiB
		on_oversize block
		record sample 0.01
		except path /static/*
		except client_ip 10.0.0.0/8
	}`)
	var h, again caddymodule.Handler
	if err := h.UnmarshalCaddyfile(d); err != nil {
		t.Fatal(err)
	}
	first, err := json.Marshal(&h)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(first, &again); err != nil {
		t.Fatal(err)
	}
	second, err := json.Marshal(&again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("became\n%s\nwas\n%s", second, first)
	}
}

// Ensure that every mistake in a Caddyfile is an error that names it.
func TestAdaptRefuses(t *testing.T) {
	tests := []struct {
		name, global, site, want string
	}{
		{"unknown option", "", "limen {\n treshold 0.5\n}", "unknown limen option 'treshold'"},
		{"argument", "", "limen block", "takes no argument, got 'block'"},
		{"mode", "", "limen {\n mode monitor\n}", "mode is 'monitor', expected one of observe, tag, block"},
		{"no mode", "", "limen {\n mode\n}", "mode needs a value"},
		{"twice", "", "limen {\n mode tag\n mode tag\n}", "mode is given twice"},
		{"too many", "", "limen {\n mode tag block\n}", "mode has one argument too many: 'block'"},
		{"threshold", "", "limen {\n threshold high\n}", "threshold is 'high', expected a number above 0"},
		{"threshold 0", "", "limen {\n threshold 0\n}", "threshold is '0'"},
		{"threshold above 1", "", "limen {\n threshold 1.5\n}", "threshold is '1.5'"},
		{"threshold NaN", "", "limen {\n threshold NaN\n}", "threshold is 'NaN'"},
		{"target_fpr text", "", "limen {\n target_fpr low\n}", "target_fpr is 'low', expected a number from 0.00001 to 0.5, such as 0.001"},
		{"target_fpr 0", "", "limen {\n target_fpr 0\n}", "target_fpr is '0', expected a number from"},
		{"target_fpr 1", "", "limen {\n target_fpr 1\n}", "target_fpr is '1', expected a number from"},
		{"target_fpr negative", "", "limen {\n target_fpr -0.001\n}", "target_fpr is '-0.001', expected a number from"},
		{"target_fpr percent", "", "limen {\n target_fpr 0.1%\n}", "target_fpr is '0.1%', expected a number from"},
		{"target_fpr NaN", "", "limen {\n target_fpr NaN\n}", "target_fpr is 'NaN', expected a number from"},
		{"target_fpr too small", "", "limen {\n target_fpr 1e-6\n}", "target_fpr is '1e-6', expected a number from"},
		{"no target_fpr", "", "limen {\n target_fpr\n}", "target_fpr needs a value"},
		{"target_fpr twice", "", "limen {\n target_fpr 0.1\n target_fpr 0.1\n}", "target_fpr is given twice"},
		{"target_fpr and threshold", "", "limen {\n target_fpr 0.001\n threshold 0.9\n}", "threshold and target_fpr exclude each other: give one of them"},
		{"threshold and target_fpr", "", "limen {\n threshold 0.9\n mode tag\n target_fpr 0.001\n}", "threshold and target_fpr exclude each other: give one of them"},
		{"class", "", "limen {\n class sqli\n}", "sqli needs a value"},
		{"class value", "", "limen {\n class sqli x\n}", "sqli is 'x'"},
		{"class twice", "", "limen {\n class sqli 0.5\n class sqli 0.6\n}", "class sqli is given twice"},
		{"deadline", "", "limen {\n deadline fast\n}", "deadline is 'fast', expected a time above 0"},
		{"deadline 0", "", "limen {\n deadline 0\n}", "deadline is '0'"},
		{"on_error", "", "limen {\n on_error tag\n}", "on_error is 'tag'"},
		{"body_limit", "", "limen {\n body_limit lots\n}", "body_limit is 'lots', expected a size"},
		{"body_limit 0", "", "limen {\n body_limit 0\n}", "body_limit is '0'"},
		{"body_limit too large", "", "limen {\n body_limit 2GiB\n}", "at most 64 MiB"},
		{"on_oversize", "", "limen {\n on_oversize drop\n}", "on_oversize is 'drop'"},
		{"record", "", "limen {\n record some\n}", "record is 'some'"},
		{"sample", "", "limen {\n record sample\n}", "sample needs a value"},
		{"sample value", "", "limen {\n record sample 7\n}", "sample is '7'"},
		{"durability", "", "limen {\n durability high\n}", "durability is 'high'"},
		{"except", "", "limen {\n except\n}", "except needs what to leave out"},
		{"except kind", "", "limen {\n except host example.com\n}", "unknown exception 'host'"},
		{"except value", "", "limen {\n except path\n}", "except path needs a value"},
		{"except header", "", "limen {\n except header A b c\n}", "at most one value"},

		{"matcher empty", "", "@m limen\nrespond @m hi", "limen matcher is empty"},
		{"matcher option", "", "@m limen threshold 0.5\nrespond @m hi", "unknown limen matcher option 'threshold'"},
		{"matcher operator", "", "@m limen score == 0.5\nrespond @m hi", "score '==0.5' has no operator"},
		{"matcher number", "", "@m limen score > half\nrespond @m hi", "'half', expected a number"},
		{"matcher score", "", "@m limen score 0.5\nrespond @m hi", "as in: score > 0.5"},
		{"matcher class", "", "@m limen class\nrespond @m hi", "class needs at least one name"},
		{"matcher twice", "", "@m {\nlimen score > 0.5\nlimen score > 0.6\n}\nrespond @m hi", "score > is given twice"},

		{"global unknown", "folder /tmp", "limen", "unknown option 'folder' of limen"},
		{"global retain", "retain long", "limen", "retain is 'long'"},
		{"global size", "max_size 0", "limen", "max_size is '0'"},
		{"global device", "device gpu", "limen", `unknown device "gpu"`},
		{"global twice", "data a\ndata b", "limen", "data is given twice"},
		{"model option", "model x y {\n colour red\n}", "limen", "unknown option 'colour' of a model"},
		{"model twice", "model x y\nmodel x z", "limen", "model is given twice"},
		{"model path", "model x", "limen", "model x needs the path of an ONNX file"},
		{"model too many", "model x y z", "limen", "model has one argument too many: 'z'"},
		{"model http options", "model http default {\n preset imagenet\n}", "limen", "model http takes no options"},
		{"model preset", "model x y {\n preset resnet\n}", "limen", "no such preset: \"resnet\"; there are imagenet"},
		{"model size", "model x y {\n size 224\n}", "limen", "needs a value"},
		{"model layout", "model x y {\n layout chw\n}", "limen", "layout is 'chw', expected one of nchw, nhwc"},
		{"model resize", "model x y {\n resize pad\n}", "limen", "resize is 'pad'"},
		{"model crop", "model x y {\n resize crop 2\n}", "limen", "resize crop is '2'"},
		{"model letterbox", "model x y {\n resize letterbox 300\n}", "limen", "top_left, center or a grey value"},
		{"model stretch", "model x y {\n resize stretch 1\n}", "limen", "one argument too many"},
		{"model scale", "model x y {\n scale 1/0\n}", "limen", "scale is '1/0', expected a number"},
		{"model mean", "model x y {\n mean 1 2\n}", "limen", "mean has 2 arguments, expected 3 numbers"},
		{"model std", "model x y {\n std 1 2 x\n}", "limen", "std has 'x'"},
		{"model decoder", "model x y {\n decoder yolo\n}", "limen", "decoder is 'yolo', expected one of logits"},
		{"model background", "model x y {\n background yes\n}", "limen", "background is 'yes', expected one of on, off"},
		{"model anchors", "model x y {\n anchors 0.1\n}", "limen", "anchors has 1 arguments"},
		{"model anchors option", "model x y {\n anchors 0.1 0.9 1 {\n x\n}\n}", "limen", "unknown option 'x' of anchors"},
		{"model iou", "model x y {\n iou 2\n}", "limen", "iou is '2'"},
		{"model device", "model x y {\n device cpu please\n}", "limen", "device cpu is followed by 'please'"},
		{"model threads", "model x y {\n threads 0\n}", "limen", "threads is '0', expected a whole number"},
		{"model option twice", "model x y {\n layout nchw\n layout nhwc\n}", "limen", "layout is given twice"},
		{"model session option", "model x y {\n option a\n}", "limen", "option needs a key and a value"},
		{"model session option twice", "model x y {\n option a 1\n option a 2\n}", "limen", "option a is given twice"},

		{"image", "", "limen_image", "limen_image needs a value"},
		{"image task", "", "limen_image segment x", "limen_image is 'segment', expected one of classify, detect"},
		{"image model", "", "limen_image classify", "needs the name of a model"},
		{"image too many", "", "limen_image classify a b", "one argument too many: 'b'"},
		{"image option", "", "limen_image classify a {\n colour red\n}", "unknown limen_image option 'colour'"},
		{"image thumbnails", "", "limen_image classify a {\n thumbnails big\n}", "thumbnails is 'big', expected the pixels of the longer side, 16 to 512"},
		{"image thumbnails too large", "", "limen_image classify a {\n thumbnails 1000\n}", "thumbnails is '1000'"},
		{"image thumbnails arguments", "", "limen_image classify a {\n thumbnails 160 90\n}", "thumbnails has one argument too many: '90'"},
		{"image twice", "", "limen_image classify a {\n top 1\n top 2\n}", "top is given twice"},
		{"image top", "", "limen_image classify a {\n top 0\n}", "top is '0'"},
		{"image rule", "", "limen_image classify a {\n reject\n}", "reject needs a label"},
		{"image rule score", "", "limen_image classify a {\n reject cat >\n}", "no score behind >"},
		{"image rule score 1", "", "limen_image classify a {\n reject cat > 1\n}", "reject has score '1'"},
		{"image rule more", "", "limen_image classify a {\n reject cat > 0.5 dog\n}", "reject has one argument too many: 'dog'"},
		{"image gate", "", "limen_image classify a {\n other allow\n}", "other is an option of a gate"},
		{"image on_error", "", "limen_image classify a {\n reject cat\n on_error tag\n}", "on_error is 'tag'"},

		{"inference http", "", "limen_inference http", "model http reads requests"},
		{"inference twice", "", "limen_inference a a", "model a is given twice"},
		{"inference option", "", "limen_inference {\n x\n}", "unknown limen_inference option 'x'"},
		{"inference admin", "", "limen_inference {\n admin yes\n}", "admin is 'yes'"},
		{"inference more", "", "limen_inference {\n admin on off\n}", "admin has one argument too many: 'off'"},
		{"global model path", "model http", "limen", "model http needs 'default' or the path"},
		{"global too many", "data a b", "limen", "data has one argument too many: 'b'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := ":8080 {\n" + tt.site + "\n}\n"
			if tt.global != "" {
				text = "{\nlimen {\n" + tt.global + "\n}\n}\n" + text
			}
			if _, err := adapt(t, text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, expected one with %q", err, tt.want)
			}
		})
	}
}

// Ensure that the example configuration adapts, is formatted as `caddy fmt`
// does it, and has everything that the README shows.
func TestExample(t *testing.T) {
	raw, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := adapt(t, string(raw)); err != nil {
		t.Fatal(err)
	}
	if formatted := caddyfile.Format(raw); !bytes.Equal(formatted, raw) {
		t.Errorf("is not formatted; caddy fmt makes\n%s", formatted)
	}
}
