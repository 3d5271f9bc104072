package caddymodule

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

const lookHelp = `
The running server does it, through its admin endpoint: MODEL is the name of one in its
configuration. Each FILE is a JPEG, PNG, GIF, WebP, BMP or TIFF of at most 32 MiB; "-" is
standard input. Each is a call of its own, with a row that "caddy limen calls" lists and
"caddy limen why" explains. A file that is no picture, or a damaged one, is told and the
next one taken; the exit code is then 1.

--json writes one JSON object a line: the file, the call's row, and its output.`

func newClassifyCommand() *cobra.Command {
	f := &lookFlags{task: procedureClassify}
	cmd := &cobra.Command{
		Use:   "classify MODEL FILE… [--top N] [--min-score X] [--json]",
		Short: "Labels pictures with a model of the running server",
		Long: `Labels pictures: the most probable classes of each, with their probabilities.
` + lookHelp,
		Example: `  $ caddy limen classify resnet photo.jpg
  $ caddy limen classify resnet --top 1 --json *.jpg | jq -r '[.file, .output.labels[0].label] | @tsv'`,
		Args: f.checkArgs,
		RunE: f.run,
	}
	f.add(cmd)
	return cmd
}

func newDetectCommand() *cobra.Command {
	f := &lookFlags{task: procedureDetect}
	cmd := &cobra.Command{
		Use:   "detect MODEL FILE… [--out PICTURE.png] [--top N] [--min-score X] [--json]",
		Short: "Finds things in pictures with a model of the running server",
		Long: `Finds things in pictures: what it is, with its score and its box, x1, y1, x2, y2 in
pixels of the upright picture. --out writes the picture with the boxes drawn into it.
` + lookHelp,
		Example: `  $ caddy limen detect yolox photo.jpg --out boxes.png
  $ caddy limen detect yolox --min-score 0.5 --json *.jpg | jq '.output.boxes | length'`,
		Args: f.checkArgs,
		RunE: f.run,
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "PNG file for the picture with the boxes (of one FILE)")
	return cmd
}

// lookFlags are those of classify and detect.
type lookFlags struct {
	callFlags
	task     string
	top      int
	minScore float64
	json     bool
	out      string
}

func (f *lookFlags) add(cmd *cobra.Command) {
	f.addCaller(cmd)
	top := "At most this many results of a picture (default: all)"
	if f.task == procedureClassify {
		top = fmt.Sprintf("At most this many results of a picture (default: %d)", defaultTop)
	}
	cmd.Flags().IntVar(&f.top, "top", 0, top)
	cmd.Flags().Float64Var(&f.minScore, "min-score", 0, "Results that score at least this (default: the model's own)")
	cmd.Flags().BoolVar(&f.json, "json", false, "Write one JSON object a line")
}

func (f *lookFlags) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("no MODEL given, expected the name of one in the server's configuration, and the pictures to %s", f.task)
	case len(args) == 1:
		return fmt.Errorf("no FILE given, expected pictures to %s with model %q, or - for standard input", f.task, args[0])
	case f.top < 0 || f.top > maxTop || f.top == 0 && cmd.Flags().Changed("top"):
		return fmt.Errorf("--top is %d, expected a whole number from 1 to %d", f.top, maxTop)
	case !(f.minScore >= 0 && f.minScore <= 1):
		return fmt.Errorf("--min-score is %v, expected a number from 0 to 1", f.minScore)
	case f.out != "" && len(args) > 2:
		return fmt.Errorf("--out is %s, but there are %d pictures: give one FILE", f.out, len(args)-1)
	case f.key != "" && len(args) > 2:
		return fmt.Errorf("--key is %s, but there are %d pictures, each a call of its own: give one FILE", f.key, len(args)-1)
	}
	return nil
}

// lookLine is a line of --json.
type lookLine struct {
	File string `json:"file"`
	*actCall
	Output *imageAnswer `json:"output"`
}

func (f *lookFlags) run(cmd *cobra.Command, args []string) error {
	model, files := args[0], args[1:]
	var t table
	end := func() error {
		if f.json || len(t) == 1 {
			return nil
		}
		return t.writeLeft(cmd.OutOrStdout())
	}
	t.row(f.titles()...)
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetEscapeHTML(false)
	bad := 0
	for _, file := range files {
		line, err := f.look(cmd.InOrStdin(), model, file)
		var told *toldError
		switch {
		case errors.As(err, &told) && told.isInputs():
			bad++
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", file, err)
			continue
		case err != nil:
			return errors.Join(fmt.Errorf("%s: %w", file, err), end())
		case f.json:
			if err := encoder.Encode(line); err != nil {
				return err
			}
		default:
			f.rows(&t, line)
		}
	}
	if err := end(); err != nil || bad == 0 {
		return err
	}
	return fmt.Errorf("%d of %d files could not be looked at", bad, len(files))
}

// look has the server look at one file.
func (f *lookFlags) look(stdin io.Reader, model, file string) (*lookLine, error) {
	data, err := readArgument(stdin, file)
	if err != nil {
		return nil, err
	}
	image := base64.StdEncoding.EncodeToString(data)
	in := imageInput{Model: model, Image: &image, Draw: f.out != ""}
	if f.top > 0 {
		in.Top = &f.top
	}
	if f.minScore > 0 {
		in.MinScore = &f.minScore
	}
	line := &lookLine{File: file, actCall: new(actCall)}
	if err := f.send(f.task, in, line.actCall); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(line.actCall.Output, &line.Output); err != nil {
		return nil, fmt.Errorf("reading the output of %s: %w", f.task, err)
	}
	if f.out != "" {
		if err := os.WriteFile(f.out, line.Output.PNG, 0o644); err != nil {
			return nil, fmt.Errorf("--out: %w", err)
		}
		line.Output.PNG = nil
	}
	return line, nil
}

func (f *lookFlags) titles() []string {
	if f.task == procedureClassify {
		return []string{"file", "label", "index", "probability", "call"}
	}
	return []string{"file", "label", "index", "score", "box", "call"}
}

// rows writes what was seen in a file.
func (f *lookFlags) rows(t *table, l *lookLine) {
	file, id := printable(l.File), l.ID.String()
	add := func(cells ...string) {
		t.row(append(append([]string{file}, cells...), id)...)
		file, id = "", ""
	}
	empty := true
	if l.Output.Labels != nil {
		for _, s := range *l.Output.Labels {
			empty = false
			add(printable(s.Label), strconv.Itoa(s.Index), fmt.Sprintf("%.4f", s.Probability))
		}
	}
	if l.Output.Boxes != nil {
		for _, b := range *l.Output.Boxes {
			empty = false
			box := make([]string, len(b.Box))
			for i, x := range b.Box {
				box[i] = fmt.Sprintf("%.0f", x)
			}
			add(printable(b.Label), strconv.Itoa(b.Index), fmt.Sprintf("%.4f", b.Score), strings.Join(box, ","))
		}
	}
	if empty {
		cells := make([]string, len(f.titles())-2)
		cells[0] = "nothing"
		add(cells...)
	}
}

// readArgument reads a file, or standard input for "-".
func readArgument(stdin io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(stdin, maxActInput+1))
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a folder, expected a file")
	case info.Size() > maxActInput:
		return nil, fmt.Errorf("has %d bytes, expected at most %d", info.Size(), maxActInput)
	}
	return os.ReadFile(file)
}

// isInputs says whether what a server told is about the picture or the tensors of one call,
// and not about all calls like it.
func (e *toldError) isInputs() bool {
	switch e.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return true
	}
	return false
}
