package adapt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/limen-waf/limen/model"
)

// RunKind is the kind of run that a manifest of this package tells of.
const RunKind = "adaptation"

// versionMark stands between a base's version and the number of the adaptation.
const versionMark = "+adapt."

// Run is the manifest's record of an adaptation.
type Run struct {
	Kind string `json:"kind"` // RunKind
	// Code is the version of the program, Seed that of the sample of anchors.
	Code     string    `json:"code,omitempty"`
	Seed     int64     `json:"seed"`
	Finished time.Time `json:"finished"`
	// Parent is the digest of the model that was adapted.
	Parent string `json:"parent"`
	// LabelSet is the digest over the labels that were learned from, of which there are
	// Attacks and Ordinary.
	LabelSet string `json:"label_set"`
	Attacks  int    `json:"attacks"`
	Ordinary int    `json:"ordinary"`
	// AnchorSet is the digest over the IDs of the recorded requests without a label that were
	// to stay as they were; Anchors is their number.
	AnchorSet string `json:"anchor_set"`
	Anchors   int    `json:"anchors"`
	// Options are the hyper-parameters.
	Options Options `json:"options"`
}

// Options are the hyper-parameters of a fit.
type Options struct {
	Strength float64 `json:"strength"`
	Pull     float64 `json:"pull"`
	Margin   float64 `json:"margin"`
	Likeness float64 `json:"likeness"`
	// PlaceLikeness is that of requests to one place.
	PlaceLikeness float64 `json:"place_likeness"`
	Limits        Limits  `json:"limits"`
	Forced        bool    `json:"forced,omitempty"`
	Iterations    int     `json:"iterations"`
	Converged     bool    `json:"converged"`
	Moved         float64 `json:"moved"`
}

// Options returns the hyper-parameters that r came about by.
func (r *Result) Options(in *Input) Options {
	return Options{
		Strength: r.Strength, Pull: pullScale, Margin: margin, Likeness: likeness, PlaceLikeness: placeLikeness, Limits: in.Limits,
		Forced: in.Force && r.Breach != nil, Iterations: r.Iterations, Converged: r.Converged, Moved: r.Moved,
	}
}

// metrics are the manifest's figures.
type metrics struct {
	Before Figures `json:"before"`
	After  Figures `json:"after"`
}

// NewModel makes a model of an outcome: the base's network with r's head, and a manifest
// that carries its tokenizer, classes, thresholds and prior over. name replaces the
// base's unless it is empty; number counts the adaptations of one base, and follows its
// version.
func NewModel(base *model.Model, r *Result, run Run, name string, number int) (*model.Model, error) {
	onnx, err := WriteHead(base.ONNX, r.Head)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(onnx)
	run.Kind, run.Parent = RunKind, base.Digest
	m := base.Manifest
	if name != "" {
		m.Name = name
	}
	m.Version = base.Manifest.Version + versionMark + strconv.Itoa(number)
	m.Description = fmt.Sprintf("%s %s adapted to %d labelled requests of a site (%d ordinary, %d attacks).",
		base.Manifest.Name, base.Manifest.Version, run.Attacks+run.Ordinary, run.Ordinary, run.Attacks)
	m.SHA256, m.Created = hex.EncodeToString(sum[:]), run.Finished
	if m.Run, err = json.Marshal(run); err != nil {
		return nil, err
	}
	if m.Metrics, err = json.Marshal(struct {
		Adapt metrics `json:"adapt"`
	}{metrics{r.Before, r.After}}); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(m) // as a store writes it: the digest is over these bytes
	if err != nil {
		return nil, err
	}
	return model.New(raw, onnx)
}

// RunOf reads the record of an adaptation from a manifest's run, nil when it was made
// otherwise.
func RunOf(m *model.Manifest) *Run {
	r := new(Run)
	if json.Unmarshal(m.Run, r) != nil || r.Kind != RunKind {
		return nil
	}
	return r
}

// Number is what NewModel added to the version of the base, 0 for the version of
// another model.
func Number(base, version string) int {
	rest, ok := strings.CutPrefix(version, base+versionMark)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 {
		return 0
	}
	return n
}
