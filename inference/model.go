package inference

import (
	"context"
	"errors"

	"github.com/limen-waf/limen/gpu/session"
)

// Model is one version of a model, ready to run. Its methods are called by any number
// of goroutines at once and, but for Run, return at once.
type Model interface {
	// Name is the model's name in the repository, as it stands in the URL.
	Name() string
	// Versions are the versions that may be asked for, the newest last; never empty. A
	// model that has no versions says "1".
	Versions() []string
	// Digest identifies the model's file: sha256 in hexadecimal. It is for provenance
	// and may be empty.
	Digest() string
	// Inputs and Outputs are the signature, in the model's order. In a shape -1 is any
	// size. The batch dimension stands in the shape too, as -1.
	Inputs() []session.Info
	Outputs() []session.Info
	// MaxBatch is how many rows one request may hold along the first dimension of all
	// inputs; 0: the first dimension is no batch.
	MaxBatch() int
	// Labels names the classes of an output, the first for class 0; nil if there are
	// none. The classification extension uses it.
	Labels(output string) []string
	// Platform is the framework and format, such as "onnxruntime_onnx".
	Platform() string
	// Run runs the model on in, whose memory it does not use past its return, and
	// gives the outputs asked for in their order; with none named, all. What it
	// returns belongs to the caller. An error that wraps session.ErrInput is the
	// caller's fault (400); session.ErrBusy, session.ErrClosed and
	// context.DeadlineExceeded are 503; any other is 500.
	Run(ctx context.Context, in []session.Tensor, outputs []string) ([]session.Tensor, session.Stats, error)
}

// Repository finds, loads and unloads models. Its methods are called by any number of
// goroutines at once.
type Repository interface {
	// Models lists every model known, loaded or not, ordered by name and version.
	Models() []Index
	// Model gives the model of a name that is ready to run; version "" is the newest.
	// An error wraps ErrUnknownModel, ErrUnknownVersion or ErrNotReady.
	Model(name, version string) (Model, error)
	// Load loads a model, or loads it anew, and returns once it is ready. An error
	// wraps ErrUnknownModel where there is none of that name.
	Load(ctx context.Context, name string) error
	// Unload takes a model out of service; requests under way end as they would have.
	// To unload one that is not loaded is no error; an error wraps ErrUnknownModel
	// where there is none of that name.
	Unload(ctx context.Context, name string) error
}

// Index is one row of a repository's index, $repository_index_response of Triton's
// model repository extension.
type Index struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	State   State  `json:"state"`
	// Reason says why the model is in that state, where there is something to say;
	// Unloaded for one that was unloaded.
	Reason string `json:"reason"`
}

// State is what a model of the repository is doing.
type State string

// The states of Triton's model repository extension.
const (
	Unknown     State = "UNKNOWN"
	Ready       State = "READY"
	Unavailable State = "UNAVAILABLE"
	Loading     State = "LOADING"
	Unloading   State = "UNLOADING"
)

// Unloaded is the Index.Reason of an unavailable model that was unloaded on request.
// The server is ready without it; with any other model that is not ready it is not.
const Unloaded = "unloaded"

// Errors of a Repository.
var (
	ErrUnknownModel   = errors.New("unknown model")
	ErrUnknownVersion = errors.New("unknown model version")
	ErrNotReady       = errors.New("the model is not ready")
)
