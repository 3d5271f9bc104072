package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func newDoctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [--config FILE] [--model M] [--device D] [--data DIR] [--address ADMIN] [--json]",
		Short: "Says what works on this machine, what does not, and what to do about it",
		Long: `Says what works on this machine, what does not, and what to do about it: this
build, ONNX Runtime and GPU, the model, each engine by scoring a known attack
and a plain request, the data folder, the running server, and with --config a
configuration.

Marks: ✓ works, – not there and not needed, ! look at this, ✗ broken. The exit
code is 0 if requests can be read and decisions stored, else 1.

With --config, the data folder, model and device are those of the
configuration, unless a flag says otherwise.`,
		Example: `  $ caddy limen doctor
  $ caddy limen doctor --config Caddyfile
  $ caddy limen doctor --json | jq '.checks[] | select(.state=="broken")'`,
		Args: cobra.NoArgs,
	}
	d := &doctor{}
	cmd.Flags().StringVarP(&d.config, "config", "c", "", "Configuration to check as well")
	cmd.Flags().StringVarP(&d.adapter, "adapter", "a", "", "Name of the configuration's adapter")
	cmd.Flags().StringVar(&d.model, "model", "", "Model to check (default: the configuration's, or the one in this binary)")
	cmd.Flags().StringVar(&d.device, "device", "", "Device to check (default: the configuration's, or auto)")
	cmd.Flags().StringVar(&d.data, "data", "", "Data folder to check (default: the configuration's, or limen in Caddy's data folder)")
	cmd.Flags().StringVar(&d.address, "address", "", "Address of the running server's admin endpoint")
	cmd.Flags().BoolVar(&d.json, "json", false, "Write the findings as JSON")
	cmd.RunE = d.run
	return cmd
}

// checkState is how a check came out.
type checkState string

const (
	checkOK     checkState = "ok"
	checkAbsent checkState = "absent" // not there and not needed
	checkWarn   checkState = "warning"
	checkBroken checkState = "broken" // the main job does not work
)

var checkMarks = map[checkState]string{checkOK: "✓", checkAbsent: "–", checkWarn: "!", checkBroken: "✗"}

// check is one finding of the doctor.
type check struct {
	Name   string     `json:"name"`
	State  checkState `json:"state"`
	Found  string     `json:"found"`            // what is so
	Detail []string   `json:"detail,omitempty"` // more of it
	Advice string     `json:"advice,omitempty"` // what to do about it
}

// doctor holds the flags, and the findings so far.
type doctor struct {
	config, adapter     string
	model, device, data string
	address             string
	json                bool
	images              map[string]ModelConfig // of the configuration

	checks []check
}

// doctorReport is the doctor's JSON form.
type doctorReport struct {
	Works  bool    `json:"works"` // requests can be read and decisions stored
	Checks []check `json:"checks"`
}

func (d *doctor) add(c check) { d.checks = append(d.checks, c) }

func (d *doctor) run(cmd *cobra.Command, _ []string) error {
	d.checkConfig()
	d.checkBuild()
	d.checkModel()
	d.checkImageModels()
	d.checkStore()
	d.checkServer()

	report := doctorReport{Works: true, Checks: d.checks}
	var broken []string
	for _, c := range d.checks {
		if c.State == checkBroken {
			broken = append(broken, c.Name)
			report.Works = false
		}
	}
	out := cmd.OutOrStdout()
	if d.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(report); err != nil {
			return err
		}
	} else if err := report.write(out); err != nil {
		return err
	}
	if !report.Works {
		return errors.New("not in working order: " + strings.Join(broken, ", "))
	}
	return nil
}

// write writes the findings for people.
func (r *doctorReport) write(w io.Writer) error {
	width := 0
	for _, c := range r.Checks {
		width = max(width, len(c.Name))
	}
	var out strings.Builder
	for _, c := range r.Checks {
		fmt.Fprintf(&out, "%s %-*s  %s\n", checkMarks[c.State], width, c.Name, c.Found)
		for _, line := range c.Detail {
			fmt.Fprintf(&out, "  %-*s  %s\n", width, "", line)
		}
		if c.Advice != "" {
			fmt.Fprintf(&out, "  %-*s  → %s\n", width, "", c.Advice)
		}
	}
	if r.Works {
		out.WriteString("\nLimen works here.\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}
