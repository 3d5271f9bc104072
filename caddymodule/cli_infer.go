package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func newInferCommand() *cobra.Command {
	var f callFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "infer MODEL REQUEST.json [--json]",
		Short: "Runs a model of the running server on tensors",
		Long: `Runs a model on tensors and writes what comes out. REQUEST.json is an infer request of
the Open Inference Protocol, version 2, as its clients send it; "-" is standard input:

  {"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}]}

The running server does it, through its admin endpoint: MODEL is the name of one in its
configuration, and "curl /v2/models/MODEL" at its limen_inference route, or "caddy limen
doctor --config FILE", tells its inputs. The call has a row that "caddy limen calls"
lists and "caddy limen why" explains.

The output is the protocol's response, also in its binary form where the request asks
for that. --json writes the call's row with it.`,
		Example: `  $ caddy limen infer resnet request.json
  $ caddy limen infer resnet request.json --json | jq .infer_us`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("got %d arguments, expected a MODEL of the server's configuration, and a REQUEST.json or - for standard input", len(args))
			}
			return nil
		},
	}
	f.addCaller(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Write the call's row with its output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		raw, err := readArgument(cmd.InOrStdin(), args[1])
		if err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
		input, err := inferInput(args[0], raw)
		if err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
		call := new(actCall)
		if err := f.send(procedureInfer, input, call); err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		switch {
		case asJSON:
			return writeJSON(out, call)
		case call.Output == nil:
			_, err = out.Write(call.OutputB64)
		default:
			_, err = fmt.Fprintf(out, "%s\n", bytes.TrimSpace(call.Output))
		}
		return err
	}
	return cmd
}

// inferInput is a request of the protocol with the model's name.
func inferInput(model string, request []byte) (map[string]json.RawMessage, error) {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(request, &in); err != nil {
		return nil, fmt.Errorf(`expected an infer request, {"inputs":[…]}: %w`, err)
	}
	if in == nil {
		return nil, fmt.Errorf(`is null, expected an infer request, {"inputs":[…]}`)
	}
	name, err := json.Marshal(model)
	if err != nil {
		return nil, err
	}
	if other, ok := in["model"]; ok && !bytes.Equal(other, name) {
		return nil, fmt.Errorf("names model %s, not %s: leave it out, or give it as MODEL", other, name)
	}
	in["model"] = name
	return in, nil
}
