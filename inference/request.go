package inference

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/limen-waf/limen/gpu/session"
)

// request is an infer request: $inference_request of the protocol.
type request struct {
	id      string
	inputs  []input
	outputs []output
	binary  bool          // parameter binary_data_output
	timeout time.Duration // parameter timeout, which is in microseconds; 0: none
}

// input is $request_input. Its data is in the tensor, or binary and still to come.
type input struct {
	session.Tensor
	binary bool
	size   int64 // bytes, if binary: parameter binary_data_size
}

// output is $request_output.
type output struct {
	name    string
	binary  bool // parameter binary_data, else the request's binary_data_output
	classes int  // parameter classification; 0: the tensor itself
}

// tensors are the inputs as the model takes them.
func (r *request) tensors() []session.Tensor {
	t := make([]session.Tensor, len(r.inputs))
	for i, in := range r.inputs {
		t[i] = in.Tensor
	}
	return t
}

// parser reads the JSON of a request for one model.
type parser struct {
	scanner
	sig    signature
	memory *buffers
	request
}

// parse reads the JSON of a request. Elements of BYTES tensors may be parts of text.
func parse(text []byte, sig signature, memory *buffers) (*request, error) {
	p := parser{scanner: scanner{data: text}, sig: sig, memory: memory}
	err := p.document(p.root)
	var syntax *syntaxError
	var kind kindError
	switch {
	case errors.As(err, &syntax), errors.As(err, &kind):
		return nil, invalid("%s", err)
	case err != nil:
		return nil, err
	}
	return &p.request, p.sig.complete(p.inputs)
}

// unreadable is an error in a member of the request.
func unreadable(member string, err error) error {
	var f *failure
	var syntax *syntaxError
	if err == nil || errors.As(err, &f) || errors.As(err, &syntax) {
		return err
	}
	return invalid("Unable to parse '%s': %s", member, err)
}

func absent(member string) error {
	return unreadable(member, fmt.Errorf("attempt to access non-existing object member '%s'", member))
}

// once refuses a member that stands twice in an object: which of the two counts would
// be a guess.
type once []string

func (o *once) see(name string) error {
	if slices.Contains(*o, name) {
		return unreadable(name, errors.New("the member stands twice in its object"))
	}
	*o = append(*o, name)
	return nil
}

// root reads the request object. Members that the protocol does not know are passed
// over, for extensions.
func (p *parser) root() error {
	var seen once
	var defaults []int // outputs without a binary_data of their own
	err := p.object(func(name []byte) error {
		member := string(name)
		switch member {
		case "id", "parameters", "inputs", "outputs":
		default:
			return p.skip()
		}
		if err := seen.see(member); err != nil {
			return err
		}
		var err error
		switch member {
		case "id":
			var id []byte
			id, err = p.text()
			p.id = string(id)
		case "parameters":
			err = p.object(p.parameter)
		case "inputs":
			err = p.array(p.input)
		case "outputs":
			err = p.array(func() error { return p.output(&defaults) })
		}
		return unreadable(member, err)
	})
	if err != nil {
		return err
	}
	if !slices.Contains(seen, "inputs") {
		return absent("inputs")
	}
	for _, i := range defaults {
		p.outputs[i].binary = p.binary
	}
	if len(p.outputs) == 0 {
		for _, o := range p.sig.outputs {
			p.outputs = append(p.outputs, output{name: o.Name, binary: p.binary})
		}
	}
	for _, o := range p.outputs {
		if err := p.sig.sendable(o); err != nil {
			return err
		}
	}
	return nil
}

// parameter reads one of the request's parameters.
func (p *parser) parameter(name []byte) error {
	switch member := string(name); {
	case member == "binary_data_output":
		v, err := p.bool()
		p.binary = v
		return unreadable(member, err)
	case member == "timeout":
		v, err := p.uint(63)
		p.timeout = time.Duration(min(v, uint64(time.Hour/time.Microsecond))) * time.Microsecond
		return unreadable(member, err)
	case strings.HasPrefix(member, "triton_"):
		return invalid("parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.")
	}
	return p.skip()
}

// input reads one of the inputs.
func (p *parser) input() error {
	var in input
	var seen once
	later := -1 // where the data is that came before what it is of
	err := p.object(func(name []byte) error {
		member := string(name)
		switch member {
		case "name", "shape", "datatype", "data", "parameters":
		default:
			return p.skip()
		}
		if err := seen.see(member); err != nil {
			return err
		}
		var err error
		switch member {
		case "name":
			var text []byte
			text, err = p.text()
			in.Name = string(text)
		case "datatype":
			var text []byte
			text, err = p.text()
			in.Type = session.Type(text)
		case "shape":
			in.Shape = []int64{}
			err = p.array(func() error {
				size, err := p.uint(63)
				if in.Shape = append(in.Shape, int64(size)); len(in.Shape) > maxDepth {
					return fmt.Errorf("more than %d dimensions", maxDepth)
				}
				return err
			})
		case "parameters":
			err = p.object(func(name []byte) error { return p.inputParameter(name, &in) })
		case "data":
			if slices.Contains(seen, "name") && slices.Contains(seen, "datatype") && slices.Contains(seen, "shape") {
				return p.data(&in)
			}
			later = p.at
			err = p.skip()
		}
		return unreadable(member, err)
	})
	if err != nil {
		return err
	}
	for _, member := range []string{"name", "datatype", "shape"} {
		if !slices.Contains(seen, member) {
			return absent(member)
		}
	}
	hasData := slices.Contains(seen, "data")
	if hasData == in.binary {
		const must = "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters'. But"
		if hasData {
			return invalid(must + " set 'data' 'binary_data_size'")
		}
		return invalid(must + " no field is set")
	}
	switch {
	case in.binary:
		err = p.sig.check(&in, p.inputs)
	case later >= 0:
		end := p.at
		p.at = later
		err = p.data(&in)
		p.at = end
	}
	if err != nil {
		return err
	}
	p.inputs = append(p.inputs, in)
	return nil
}

// data reads the elements of an input, after a check of what they are of.
func (p *parser) data(in *input) error {
	if err := p.sig.check(in, p.inputs); err != nil {
		return err
	}
	return readData(&p.scanner, &in.Tensor, p.memory)
}

func (p *parser) inputParameter(name []byte, in *input) error {
	switch member := string(name); member {
	case "binary_data_size":
		v, err := p.uint(63)
		in.binary, in.size = true, int64(v)
		return unreadable(member, err)
	case "shared_memory_region":
		return p.sharedMemory()
	}
	return p.skip()
}

// sharedMemory refuses Triton's extension of that name, which is for clients on the
// server's machine.
func (p *parser) sharedMemory() error {
	region, err := p.text()
	if err != nil {
		return unreadable("shared_memory_region", err)
	}
	return invalid("Unable to find shared memory region: '%s': this server has no shared memory extension, send the tensor in the request", region)
}

// output reads one of the outputs asked for. defaults gets its index if it does not
// say itself whether it is to be binary.
func (p *parser) output(defaults *[]int) error {
	var out output
	var seen once
	own := false
	err := p.object(func(name []byte) error {
		member := string(name)
		switch member {
		case "name", "parameters":
		default:
			return p.skip()
		}
		if err := seen.see(member); err != nil {
			return err
		}
		if member == "name" {
			text, err := p.text()
			out.name = string(text)
			return unreadable(member, err)
		}
		return unreadable(member, p.object(func(name []byte) error {
			switch member := string(name); member {
			case "binary_data":
				v, err := p.bool()
				out.binary, own = v, true
				return unreadable(member, err)
			case "classification":
				v, err := p.uint(31)
				out.classes = int(v)
				return unreadable(member, err)
			case "shared_memory_region":
				return p.sharedMemory()
			}
			return p.skip()
		}))
	})
	if err != nil {
		return err
	}
	if !slices.Contains(seen, "name") {
		return absent("name")
	}
	if find(p.sig.outputs, out.name) == nil {
		return p.sig.unknownOutput(out.name)
	}
	if slices.ContainsFunc(p.outputs, func(o output) bool { return o.name == out.name }) {
		return invalid("output '%s' is requested twice", out.name)
	}
	if !own {
		*defaults = append(*defaults, len(p.outputs))
	}
	p.outputs = append(p.outputs, out)
	return nil
}
