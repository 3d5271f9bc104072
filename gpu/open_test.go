package gpu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/model"
)

// fake is an engine that only knows what it is.
type fake struct {
	info   classifier.EngineInfo
	closed bool
}

func (f *fake) Score(context.Context, []classifier.Window, []float32) error { return nil }
func (f *fake) Info() classifier.EngineInfo                                 { return f.info }
func (f *fake) Close() error                                                { f.closed = true; return nil }

// machine is a machine as backends sees it.
type machine struct {
	nativeErr, ortErr, cudaErr error
	visible                    bool
	nativeTime, ortTime        time.Duration
	timerErr                   error
	opened                     []*fake
}

func (m *machine) backends() backends {
	add := func(engine, device string) *fake {
		f := &fake{info: classifier.EngineInfo{Engine: engine, Device: device, Classes: 9}}
		m.opened = append(m.opened, f)
		return f
	}
	return backends{
		native: func(*model.Model) (classifier.Engine, error) {
			if m.nativeErr != nil {
				return nil, m.nativeErr
			}
			return add("native", "cpu/avx2"), nil
		},
		ort: func(_ *model.Model, o ort.Options) (classifier.Engine, error) {
			switch {
			case m.ortErr != nil:
				return nil, m.ortErr
			case o.CUDA == nil:
				return add("onnxruntime", "cpu"), nil
			case m.cudaErr != nil:
				return nil, m.cudaErr
			}
			return add("onnxruntime", fmt.Sprintf("cuda:%d", o.CUDA.Device)), nil
		},
		cudaVisible: func() bool { return m.visible },
		timer: func(e classifier.Engine, _ []classifier.Window, logits []float32) (time.Duration, error) {
			if len(logits) != e.Info().Classes {
				return 0, errors.New("wrong number of logits")
			}
			if e.Info().Engine == "native" {
				return m.nativeTime, m.timerErr
			}
			return m.ortTime, nil
		},
	}
}

// Ensure that each device gives the engine that is documented, that what fails
// falls back with one line, and that no engine but the one returned stays open.
func TestOpen(t *testing.T) {
	const fast, slow = 50 * time.Microsecond, 100 * time.Microsecond
	noCUDA := fmt.Errorf("%w: no kernel image", ort.ErrNoCUDA)
	badOperator := errors.New("operator Frobnicate is not supported")
	tests := []struct {
		name    string
		machine machine
		options Options
		want    string   // engine and device, or the error
		log     []string // what the one line holds; none: no line
	}{
		{"native", machine{}, Options{Device: "native"}, "native cpu/avx2", []string{"info", "cpu/avx2"}},
		{"native fails", machine{nativeErr: badOperator}, Options{Device: "native"}, "error: operator Frobnicate", nil},
		{"cpu", machine{}, Options{Device: "cpu"}, "onnxruntime cpu", []string{"info", "onnxruntime"}},
		{"cpu without library", machine{ortErr: ort.ErrNoLibrary}, Options{Device: "cpu"}, "error: ./xcaddy.sh onnxruntime", nil},

		{"auto, native faster", machine{nativeTime: fast, ortTime: slow}, Options{}, "native cpu/avx2", []string{"info", `"native_us":50`, `"onnxruntime_us":100`}},
		{"auto, runtime faster", machine{nativeTime: slow, ortTime: fast}, Options{}, "onnxruntime cpu", []string{"info", `"native_us":100`, `"onnxruntime_us":50`}},
		{"auto, tie", machine{nativeTime: slow, ortTime: slow}, Options{}, "native cpu/avx2", []string{"info"}},
		{"auto, hardly faster", machine{nativeTime: slow, ortTime: 95 * time.Microsecond}, Options{}, "native cpu/avx2", []string{"info"}},
		{"auto, native fails to run", machine{nativeTime: slow, ortTime: fast, timerErr: errors.New("bad sector")}, Options{}, "native cpu/avx2", []string{"info", "bad sector"}},
		{"auto, no library", machine{ortErr: ort.ErrNoLibrary}, Options{Device: "auto"}, "native cpu/avx2", []string{"info", "native"}},
		{"auto, library too old", machine{ortErr: ort.ErrTooOld}, Options{}, "native cpu/avx2", []string{"info", "too old"}},
		{"auto, native cannot", machine{nativeErr: badOperator}, Options{}, "onnxruntime cpu", []string{"info", "Frobnicate"}},
		{"auto, neither", machine{nativeErr: badOperator, ortErr: ort.ErrNoLibrary}, Options{}, "error: operator Frobnicate is not supported (nor does ONNX Runtime run it: no ONNX", nil},
		{"auto, CUDA", machine{visible: true}, Options{}, "onnxruntime cuda:0", []string{"info", "cuda:0"}},
		{"auto, CUDA unusable", machine{visible: true, cudaErr: noCUDA, nativeTime: fast, ortTime: slow}, Options{}, "native cpu/avx2", []string{"info"}},

		{"cuda", machine{}, Options{Device: "cuda"}, "onnxruntime cuda:0", []string{"info", "cuda:0"}},
		{"cuda:3", machine{}, Options{Device: "cuda:3"}, "onnxruntime cuda:3", []string{"info", "cuda:3"}},
		{"cuda falls back", machine{cudaErr: noCUDA, nativeTime: fast, ortTime: slow}, Options{Device: "cuda:1"}, "native cpu/avx2", []string{"warn", "cuda:1", "no kernel image", "cpu/avx2", "native_us"}},
		{"cuda falls back to the runtime", machine{cudaErr: noCUDA, nativeTime: slow, ortTime: fast}, Options{Device: "cuda"}, "onnxruntime cpu", []string{"warn", "no kernel image"}},
		{"cuda without library", machine{ortErr: ort.ErrNoLibrary}, Options{Device: "cuda"}, "native cpu/avx2", []string{"warn", "no ONNX Runtime library"}},
		{"cuda without cgo", machine{ortErr: ort.ErrNoCgo}, Options{Device: "cuda"}, "native cpu/avx2", []string{"warn", "built without cgo"}},
		{"cuda, strict", machine{cudaErr: noCUDA}, Options{Device: "cuda", Strict: true}, "error: opening device cuda:0: CUDA is not usable: no kernel image", nil},

		{"unknown", machine{}, Options{Device: "gpu"}, "error: use auto, native, cpu, cuda or cuda:N", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			test.options.Logger = zerolog.New(&log).Level(zerolog.InfoLevel)
			e, err := test.machine.backends().open(nil, test.options)
			if want, fails := strings.CutPrefix(test.want, "error: "); fails {
				if err == nil || e != nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("got %v, %v, expected an error about %q", e, err, want)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				if got := e.Info().Engine + " " + e.Info().Device; got != test.want {
					t.Fatalf("got %s, expected %s", got, test.want)
				}
			}
			kept := e
			if guarded, ok := e.(*fallback); ok {
				kept = guarded.main
			}
			for _, f := range test.machine.opened {
				if f.closed == (kept == classifier.Engine(f)) {
					t.Errorf("%s %s: closed is %v", f.info.Engine, f.info.Device, f.closed)
				}
			}
			lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
			if len(lines) != 1 {
				t.Fatalf("got %d log lines:\n%s", len(lines), log.String())
			}
			for _, want := range test.log {
				if !strings.Contains(lines[0], want) {
					t.Errorf("the line does not hold %s:\n%s", want, lines[0])
				}
			}
			if test.log == nil && lines[0] != "" {
				t.Errorf("got a line:\n%s", lines[0])
			}
			if lines[0] != "" && !json.Valid([]byte(lines[0])) {
				t.Errorf("not JSON: %s", lines[0])
			}
		})
	}
}

// Ensure that a typed nil never hides in the interface when opening fails.
func TestOpenErrorIsNil(t *testing.T) {
	m := &model.Model{ONNX: []byte("no network")}
	for _, device := range []string{"native", "cpu", "auto"} {
		if e, err := Open(m, Options{Device: device}); err == nil || e != nil {
			t.Errorf("%s: got %v, %v", device, e, err)
		}
	}
}

// Ensure that device strings are read as documented.
func TestParseDevice(t *testing.T) {
	tests := []struct {
		in   string
		want Device
		text string
	}{
		{"", Device{Kind: Auto}, "auto"},
		{"auto", Device{Kind: Auto}, "auto"},
		{"native", Device{Kind: Native}, "native"},
		{"cpu", Device{Kind: CPU}, "cpu"},
		{"cuda", Device{Kind: CUDA}, "cuda:0"},
		{"cuda:0", Device{Kind: CUDA}, "cuda:0"},
		{"cuda:12", Device{Kind: CUDA, Index: 12}, "cuda:12"},
	}
	for _, test := range tests {
		got, err := ParseDevice(test.in)
		if err != nil || got != test.want || got.String() != test.text {
			t.Errorf("%q: got %v, %v", test.in, got, err)
		}
	}
	for _, in := range []string{"CUDA", "cuda:", "cuda:-1", "cuda:+1", "cuda:x", "cuda:256", "gpu", "cpu:0", " cpu", "native,cpu"} {
		_, err := ParseDevice(in)
		if !errors.Is(err, ErrDevice) || !strings.Contains(err.Error(), "auto, native, cpu, cuda") || !strings.Contains(err.Error(), in) {
			t.Errorf("%q: got %v", in, err)
		}
	}
}
