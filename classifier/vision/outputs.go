package vision

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// describe writes outputs for an error: scores [1,4420,2], boxes [1,4420,4].
func describe(out []Output) string {
	var b strings.Builder
	for i := range out {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", out[i].Name, shapeText(out[i].Shape))
	}
	return b.String()
}

func shapeText(shape []int64) string {
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ",")
}

// check says whether the data is what the shape says.
func (o *Output) check() error {
	n := int64(1)
	for _, d := range o.Shape {
		if d < 0 || d > 0 && n > math.MaxInt64/d {
			return o.errorf("has %d elements, which is not its shape", len(o.Data))
		}
		n *= d
	}
	if n != int64(len(o.Data)) {
		return o.errorf("has %d elements, which is not its shape", len(o.Data))
	}
	return nil
}

func (o *Output) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: output %s %s "+format, append([]any{ErrOutput, o.Name, shapeText(o.Shape)}, args...)...)
}

// dims returns the n dimensions of an output behind that of the batch, which
// may be left out; nil when it has others.
func (o *Output) dims(n int) []int {
	shape := o.Shape
	if len(shape) == n+1 && shape[0] == 1 {
		shape = shape[1:]
	}
	if len(shape) != n {
		return nil
	}
	d := make([]int, n)
	for i, v := range shape {
		d[i] = int(v)
	}
	return d
}

// find returns the output that the i-th role of the decoder reads: the one that
// the Spec names, else the only one there is, else the only one that fits.
func (s *Spec) find(out []Output, i int, role string, fits func(o *Output) bool) (*Output, error) {
	if i < len(s.Outputs) {
		want := s.Outputs[i]
		for j := range out {
			if out[j].Name == want {
				return &out[j], out[j].check()
			}
		}
		if j, err := strconv.Atoi(want); err == nil && j >= 0 && j < len(out) {
			return &out[j], out[j].check()
		}
		return nil, fmt.Errorf("%w: there is no output %q for the %s; the model has %s", ErrOutput, want, role, describe(out))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: the model gave no output", ErrOutput)
	}
	if len(out) == 1 && s.Decoder.outputs() == 1 {
		return &out[0], out[0].check()
	}
	var found *Output
	for j := range out {
		if !fits(&out[j]) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%w: outputs %s and %s could both be the %s; set outputs", ErrOutput, found.Name, out[j].Name, role)
		}
		found = &out[j]
	}
	if found == nil {
		return nil, fmt.Errorf("%w: none of %s has the shape of the %s that decoder %s reads; set outputs, or another decoder",
			ErrOutput, describe(out), role, s.Decoder)
	}
	return found, found.check()
}

// classNames are the names of a model's classes and where their numbers begin.
type classNames struct {
	names []string
	// first is the class that the first name is for: 1 where the labels leave
	// the background out.
	first int
}

// classes checks the number of names against the classes of an output.
func (s *Spec) classes(o *Output, n int, names []string) (classNames, error) {
	switch {
	case len(names) == 0, len(names) == n:
		return classNames{names, 0}, nil
	case s.Background && len(names) == n-1:
		return classNames{names, 1}, nil
	}
	expected := strconv.Itoa(n)
	if s.Background {
		expected += fmt.Sprintf(" (or %d without the background)", n-1)
	}
	return classNames{}, fmt.Errorf("%w: there are %d names for the %d classes of output %s %s, expected %s",
		ErrLabels, len(names), n, o.Name, shapeText(o.Shape), expected)
}

// of gives the name and the number of a class.
func (c *classNames) of(class int) (string, int) {
	if len(c.names) == 0 {
		return strconv.Itoa(class), class
	}
	return c.names[class-c.first], class - c.first
}
