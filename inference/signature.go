package inference

import (
	"slices"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/gpu/session"
)

// signature is what a request is checked against, before its tensors are read. Its
// errors are worded as Triton's.
type signature struct {
	model    string
	inputs   []session.Info
	outputs  []session.Info
	maxBatch int
}

func signatureOf(m Model) signature {
	return signature{m.Name(), m.Inputs(), m.Outputs(), m.MaxBatch()}
}

func find(infos []session.Info, name string) *session.Info {
	for i := range infos {
		if infos[i].Name == name {
			return &infos[i]
		}
	}
	return nil
}

// check holds an input's name, type, shape and size against the model, and against the
// inputs before it.
func (s *signature) check(in *input, before []input) error {
	info := find(s.inputs, in.Name)
	if info == nil {
		return invalid("unexpected inference input '%s' for model '%s'", in.Name, s.model)
	}
	for i := range before {
		if before[i].Name == in.Name {
			return invalid("input '%s' already exists in request", in.Name)
		}
	}
	if !in.Type.Valid() {
		return invalid("invalid datatype for input %s: '%s'", in.Name, in.Type)
	}
	if in.Type != info.Type {
		return invalid("inference input '%s' data-type is '%s', but model '%s' expects '%s'", in.Name, in.Type, s.model, info.Type)
	}
	if !fits(in.Shape, info.Shape) || session.Elements(in.Shape) < 0 {
		return invalid("unexpected shape for input '%s' for model '%s'. Expected %s, got %s", in.Name, s.model, dims(info.Shape), dims(in.Shape))
	}
	if s.maxBatch > 0 && len(in.Shape) > 0 {
		if in.Shape[0] > int64(s.maxBatch) {
			return invalid("inference request batch-size must be <= %d for '%s'", s.maxBatch, s.model)
		}
		if len(before) > 0 && len(before[0].Shape) > 0 && before[0].Shape[0] != in.Shape[0] {
			return invalid("input '%s' batch size does not match other inputs for '%s'", in.Name, s.model)
		}
	}
	if size := in.Type.Size(); in.binary && size > 0 {
		if want := session.Elements(in.Shape) * int64(size); in.size != want {
			return invalid("input byte size mismatch for input '%s' for model '%s'. Expected %d, got %d", in.Name, s.model, want, in.size)
		}
	}
	return nil
}

// complete checks that no input is missing.
func (s *signature) complete(given []input) error {
	if len(given) == len(s.inputs) { // each is one of the model's, and no two are the same
		return nil
	}
	var got, missing []string
	for _, in := range given {
		got = append(got, "'"+in.Name+"'")
	}
	for _, info := range s.inputs {
		if !slices.ContainsFunc(given, func(in input) bool { return in.Name == info.Name }) {
			missing = append(missing, "'"+info.Name+"'")
		}
	}
	return invalid("expected %d inputs but got %d inputs for model '%s'. Got input(s) [%s], but missing required input(s) [%s]. Please provide all required input(s).",
		len(s.inputs), len(given), s.model, strings.Join(got, ","), strings.Join(missing, ","))
}

// sendable checks that an output is one of the model's and has the form that is asked
// for, before the model runs for nothing.
func (s *signature) sendable(o output) error {
	info := find(s.outputs, o.name)
	switch {
	case info == nil:
		return s.unknownOutput(o.name)
	case o.classes > 0 && !rankable(info.Type):
		return invalid("class result not available for output '%s' due to unsupported type '%s'", o.name, info.Type)
	case o.classes > 0 || o.binary:
		return nil
	case info.Type == session.FP16, info.Type == session.BF16:
		return invalid("sending %s data via JSON is not supported. Please use the binary data format for output '%s'", info.Type, o.name)
	}
	return nil
}

func (s *signature) unknownOutput(name string) error {
	return invalid("unexpected inference output '%s' for model '%s'", name, s.model)
}

// rows is the size of the batch that the inputs are.
func (s *signature) rows(in []session.Tensor) int {
	if s.maxBatch > 0 && len(in) > 0 && len(in[0].Shape) > 0 {
		return int(in[0].Shape[0])
	}
	return 1
}

// fits says whether a shape is one that the model takes.
func fits(got, want []int64) bool {
	return slices.EqualFunc(got, want, func(g, w int64) bool { return g == w || w < 0 })
}

// dims writes a shape as Triton does: [-1,3,224,224].
func dims(shape []int64) string {
	text := []byte{'['}
	for i, d := range shape {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, d, 10)
	}
	return string(append(text, ']'))
}
