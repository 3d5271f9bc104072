//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/limen-waf/limen/bench/site"
	"github.com/limen-waf/limen/gpu/ort"
	"github.com/limen-waf/limen/gpu/session"
)

// The models that image measures, below the folder of shared models.
const (
	classifierModel  = "mobilenetv2_int8/mobilenetv2-12-int8.onnx"
	classifierLabels = "labels/imagenet1000_synset.txt"
	classifierPreset = "imagenet"
	batchModel       = "light/light_resnet50_dynbatch.onnx"
	photosFolder     = "photos"
)

// imageParts are what --parts may name.
var imageParts = []string{"classify", "batch", "added"}

// imageSettings are the flags of limenbench image.
type imageSettings struct {
	caddy, models, node, folder, json string
	device                            string
	parts                             []string
	connections, batchConnections     int
	rounds, requests                  int
	threads, runs                     int
	size                              int
	seconds                           time.Duration
	limit                             time.Duration
	nodeSettings                      list
	batches                           []int
}

func runImage(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	s, err := parseImage(arguments, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("image: not done in %s (--limit)", s.limit))
	defer cancel()
	r := &imageReport{Setting: newSetting("image", arguments, s.caddy), Threads: s.threads, Runs: s.runs}
	err = r.measure(ctx, s, stderr)
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	if err != nil && r.empty() {
		return err
	}
	// What was measured before an error is worth having.
	var w bytes.Buffer
	r.write(&w)
	_, writing := stdout.Write(w.Bytes())
	return errors.Join(err, writing, writeJSON(s.json, r))
}

func parseImage(arguments []string, stderr io.Writer) (*imageSettings, error) {
	s := new(imageSettings)
	flags := flag.NewFlagSet("limenbench image", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: limenbench image [flags]\n\nMeasures image models: Limen, the same packages in a bare loop, and a Node server.")
		flags.PrintDefaults()
	}
	flags.StringVar(&s.caddy, "caddy", "../caddy", "the Caddy `binary` with Limen compiled in, built with cgo")
	flags.StringVar(&s.models, "models", "", "`folder` of the shared models (default: models in LIMEN_SHARED, or in ../../shared)")
	flags.StringVar(&s.node, "node", "node", "`folder` of the Node server; its packages come by npm ci there, and without them it is left out")
	flags.StringVar(&s.folder, "folder", "", "`folder` for temporary files, on the disk to measure (default: the system's)")
	flags.StringVar(&s.json, "json", "", "also write every number to this `file`")
	parts := flags.String("parts", strings.Join(imageParts, ","), "comma-separated `names` of what to measure")
	flags.IntVar(&s.connections, "connections", 8, "`number` of connections for photos")
	flags.IntVar(&s.batchConnections, "batch-connections", 32, "`number` of connections for tensors")
	batches := flags.String("batches", "1,2,4,8,16,32", "comma-separated `rows` of the runtime's own batches; the fastest is taken")
	flags.IntVar(&s.rounds, "rounds", 5, "`number` of rounds; contestants take turns in each")
	flags.DurationVar(&s.seconds, "time", 5*time.Second, "`time` that one measurement is meant to take")
	flags.IntVar(&s.requests, "requests", 5000, "most requests of one measurement")
	flags.StringVar(&s.device, "device", "cpu", "`device` of Limen and of the bare loop: cpu or cuda[:N]")
	flags.IntVar(&s.threads, "threads", 0, "ONNX Runtime's `threads` for one run, of Limen and of the bare loop (default: Limen's, the CPU limit)")
	flags.IntVar(&s.runs, "runs", 0, "`number` of runs at the same time, of Limen and of the bare loop (default: Limen's, 1)")
	flags.IntVar(&s.size, "photo-bytes", 500_000, "size of the photos in `bytes`")
	flags.Var(&s.nodeSettings, "node-setting", "`PROCESSES,SHARP,SESSION,POOL` of the Node server (repeatable; the fastest is taken; default: a list of six)")
	flags.DurationVar(&s.limit, "limit", 30*time.Minute, "give up after this `time`")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	s.parts = strings.Split(*parts, ",")
	for _, part := range s.parts {
		if !slices.Contains(imageParts, part) {
			return nil, fmt.Errorf("--parts %q: know %s", part, strings.Join(imageParts, ", "))
		}
	}
	for text := range strings.SplitSeq(*batches, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1024 {
			return nil, fmt.Errorf("--batches %q: want numbers from 1 to 1024", text)
		}
		s.batches = append(s.batches, n)
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("image: takes no arguments, got %q", flags.Arg(0))
	case s.connections < 1 || s.batchConnections < 1:
		return nil, errors.New("--connections and --batch-connections must be at least 1")
	case s.rounds < 1 || s.requests < 1 || s.seconds <= 0:
		return nil, errors.New("--rounds and --requests must be at least 1, and --time more than 0")
	case s.threads < 0 || s.runs < 0:
		return nil, errors.New("--threads and --runs must not be negative")
	}
	if _, err := s.nodeVariants(runtime.NumCPU()); err != nil {
		return nil, err
	}
	if s.models == "" {
		shared := os.Getenv("LIMEN_SHARED")
		if shared == "" {
			shared = filepath.Join("..", "..", "shared")
		}
		s.models = filepath.Join(shared, "models")
	}
	var err error
	if s.models, err = filepath.Abs(s.models); err != nil {
		return nil, fmt.Errorf("--models: %w", err)
	}
	for _, name := range []string{classifierModel, classifierLabels, batchModel, photosFolder} {
		if _, err := os.Stat(filepath.Join(s.models, filepath.FromSlash(name))); err != nil {
			return nil, fmt.Errorf("finding the shared models: %w (name their folder with --models or LIMEN_SHARED)", err)
		}
	}
	return s, nil
}

// path is that of a file of the shared models.
func (s *imageSettings) path(name string) string {
	return filepath.Join(s.models, filepath.FromSlash(name))
}

// has says whether a part is to be measured.
func (s *imageSettings) has(part string) bool { return slices.Contains(s.parts, part) }

// nodeVariants are the settings of the Node server that are tried, on a machine with so
// many cores.
func (s *imageSettings) nodeVariants(cores int) ([]site.NodeSettings, error) {
	if len(s.nodeSettings) == 0 {
		all := []site.NodeSettings{
			{Processes: 1, Sharp: 1, Session: 1, Pool: 4},
			{Processes: 1, Sharp: cores, Session: cores, Pool: 4},
			{Processes: 1, Sharp: 1, Session: cores, Pool: cores},
			{Processes: cores, Sharp: 1, Session: 1, Pool: 4},
			{Processes: cores, Sharp: 1, Session: 1, Pool: 2},
			{Processes: cores, Sharp: 1, Session: cores, Pool: 4},
		}
		var out []site.NodeSettings
		for _, v := range all {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		return out, nil
	}
	var out []site.NodeSettings
	for _, text := range s.nodeSettings {
		var v site.NodeSettings
		if n, err := fmt.Sscanf(text, "%d,%d,%d,%d", &v.Processes, &v.Sharp, &v.Session, &v.Pool); n != 4 || err != nil ||
			min(v.Processes, v.Sharp, v.Session, v.Pool) < 1 || max(v.Processes, v.Sharp, v.Session, v.Pool) > 256 {
			return nil, fmt.Errorf("--node-setting %q: want four numbers from 1 to 256, as in 2,1,1,4", text)
		}
		out = append(out, v)
	}
	return out, nil
}

// options are those of the bare loop's sessions: Limen's own.
func (s *imageSettings) options() session.Options {
	// The folder in which ./xcaddy.sh onnxruntime puts the library, as a data folder.
	return session.Options{Device: s.device, Strict: true, Threads: s.threads, Runs: s.runs, DataDir: filepath.Dir(s.caddy)}
}

// contestant is Limen with the models, one handler for photos and one for tensors.
func (s *imageSettings) contestant() *site.Contestant {
	model := func(name, path string, lines ...string) []string {
		lines = append(lines, "device "+s.device+" strict")
		if s.threads > 0 {
			lines = append(lines, fmt.Sprintf("threads %d", s.threads))
		}
		if s.runs > 0 {
			lines = append(lines, fmt.Sprintf("runs %d", s.runs))
		}
		out := []string{fmt.Sprintf("\tmodel %s %q {", name, s.path(path))}
		for _, line := range lines {
			out = append(out, "\t\t"+line)
		}
		return append(out, "\t}")
	}
	c := &site.Contestant{Name: "limen", Binary: s.caddy}
	c.Globals = slices.Concat([]string{"limen {", "\tdata {data}"},
		model("classifier", classifierModel, fmt.Sprintf("labels %q", s.path(classifierLabels)), "preset "+classifierPreset),
		model("batch", batchModel), []string{"}"})
	c.Directives = []string{"limen_image /classify classify classifier", "limen_inference /v2/*"}
	return c
}

// library has the children load the ONNX Runtime that this process loads.
func library(dataDir string) error {
	place, err := ort.Find(dataDir)
	if err != nil || !filepath.IsAbs(place.Path) {
		return err
	}
	return os.Setenv(ort.EnvLibrary, place.Path)
}
