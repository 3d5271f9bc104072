package session

import (
	"fmt"
	"slices"
	"strings"
)

// arrange puts a caller's inputs into the model's order and checks that they
// are the model's. The error wraps ErrInput.
func (g *signature) arrange(in []Tensor) ([]Tensor, error) {
	ordered := make([]Tensor, len(g.inputs))
	seen := make([]bool, len(g.inputs))
	for i := range in {
		t := &in[i]
		at := slices.IndexFunc(g.inputs, func(w Info) bool { return w.Name == t.Name })
		switch {
		case at < 0:
			return nil, fmt.Errorf("%w: there is no input %q, the model takes %s", ErrInput, t.Name, names(g.inputs))
		case seen[at]:
			return nil, fmt.Errorf("%w: input %q is given twice", ErrInput, t.Name)
		}
		if err := check(t, &g.inputs[at]); err != nil {
			return nil, fmt.Errorf("%w: input %q %w", ErrInput, t.Name, err)
		}
		seen[at], ordered[at] = true, *t
	}
	if at := slices.Index(seen, false); at >= 0 {
		return nil, fmt.Errorf("%w: input %q is missing, the model takes %s", ErrInput, g.inputs[at].Name, names(g.inputs))
	}
	return ordered, nil
}

// check compares a tensor with what the model takes.
func check(t *Tensor, want *Info) error {
	if t.Type != want.Type {
		return fmt.Errorf("has type %s, the model takes %s", t.Type, want)
	}
	fits := len(t.Shape) == len(want.Shape)
	for i := 0; fits && i < len(t.Shape); i++ {
		fits = t.Shape[i] >= 0 && (want.Shape[i] < 0 || t.Shape[i] == want.Shape[i])
	}
	if !fits {
		return fmt.Errorf("has shape %s, the model takes %s", shapeText(t.Shape), want)
	}
	n := Elements(t.Shape)
	if n < 0 {
		return fmt.Errorf("has shape %s, which is too large", shapeText(t.Shape))
	}
	if t.Type == String {
		if int64(len(t.Strings)) != n || len(t.Data) > 0 {
			return fmt.Errorf("has %d elements, its shape %s holds %d", len(t.Strings), shapeText(t.Shape), n)
		}
		return nil
	}
	if size := n * int64(t.Type.Size()); int64(len(t.Data)) != size || len(t.Strings) > 0 {
		return fmt.Errorf("has %d bytes, its shape %s of %s takes %d", len(t.Data), shapeText(t.Shape), t.Type, size)
	}
	if t.Type == Bool {
		// Any other value in a C++ bool is undefined behaviour.
		if i := slices.IndexFunc(t.Data, func(b byte) bool { return b > 1 }); i >= 0 {
			return fmt.Errorf("has the byte %d at element %d, a BOOL is 0 or 1", t.Data[i], i)
		}
	}
	return nil
}

// choose returns the indexes of the outputs named, or of all when there is no name.
func (g *signature) choose(outputs []string) ([]int, error) {
	if len(outputs) == 0 {
		return g.all, nil
	}
	chosen := make([]int, len(outputs))
	for i, name := range outputs {
		at := slices.IndexFunc(g.outputs, func(w Info) bool { return w.Name == name })
		switch {
		case at < 0:
			return nil, fmt.Errorf("%w: there is no output %q, the model gives %s", ErrInput, name, names(g.outputs))
		case slices.Contains(chosen[:i], at):
			return nil, fmt.Errorf("%w: output %q is asked for twice", ErrInput, name)
		}
		chosen[i] = at
	}
	return chosen, nil
}

// names lists inputs or outputs for an error.
func names(infos []Info) string {
	text := make([]string, len(infos))
	for i, w := range infos {
		text[i] = w.String()
	}
	return strings.Join(text, ", ")
}
