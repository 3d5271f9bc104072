package caddymodule

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/limen-waf/limen/classifier/evaluate/webpage"
)

// maxWorst bounds --worst: a page with more is not read by anybody.
const maxWorst = 1000

// evalReport makes the page of an evaluation.
type evalReport struct {
	path    string
	file    *os.File // temporary, beside path
	command string
	inputs  []string

	falseAlarms, missed *worstMistakes
	rows                map[string]int // requests by file
}

// newEvalReport makes the page's file, so that what stands in its way shows
// before the work and not after it. The caller closes it.
func newEvalReport(cmd *cobra.Command, path string, inputs []string, most int) (*evalReport, error) {
	if err := replaceable(path, inputs); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".limen-report-*")
	if err != nil {
		return nil, fmt.Errorf("--report %s: %w", path, err)
	}
	return &evalReport{
		path: path, file: file, command: commandLine(cmd), inputs: inputs,
		falseAlarms: newWorstMistakes(most), missed: newWorstMistakes(most), rows: make(map[string]int),
	}, nil
}

// replaceable says whether a report may be written to path: there is nothing, or
// a regular file that is not one of the inputs.
func replaceable(path string, inputs []string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	default:
		kind = "no regular file"
	}
	if kind != "" {
		return fmt.Errorf("--report %s is %s and will not be replaced; name a file, such as report.html", path, kind)
	}
	for _, in := range inputs {
		if other, err := os.Stat(in); err == nil && os.SameFile(info, other) {
			return fmt.Errorf("--report %s is one of the files to judge and will not be replaced; name another file, such as report.html", path)
		}
	}
	return nil
}

// commandLine is the command line that runs cmd again.
func commandLine(cmd *cobra.Command) string {
	words := []string{cmd.CommandPath()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		words = append(words, "--"+f.Name)
		if f.Value.Type() == "bool" {
			words[len(words)-1] += "=" + f.Value.String()
			words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], "=true")
		} else {
			words = append(words, shellWord(f.Value.String()))
		}
	})
	for _, arg := range cmd.Flags().Args() {
		words = append(words, shellWord(arg))
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word where a shell would take it apart.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@%+=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// add counts a request, and keeps it if it is one of the worst mistakes.
func (r *evalReport) add(s *evalSample) {
	r.rows[s.file]++
	if s.wrong.record != nil {
		r.kind(s.Wrong).add(s.wrong)
	}
}

// kind is where mistakes of a kind are kept.
func (r *evalReport) kind(name string) *worstMistakes {
	if name == "false positive" {
		return r.falseAlarms
	}
	return r.missed
}

// write makes the page and puts it in its place.
func (r *evalReport) write(ctx context.Context, s *scorer, res *evalResult, anomaly string) error {
	p := webpage.Page{
		Model: s.Model(), Engine: res.Engine, Threshold: res.Threshold, ClassThresholds: res.ClassThresholds, Anomaly: anomaly,
		Requests: res.Requests, Seconds: res.Seconds, Report: res.Report,
		Limen: version(), Machine: machine(), Command: r.command, Made: time.Now(),
	}
	var err error
	if p.Files, err = r.files(); err != nil {
		return err
	}
	if p.FalseAlarms, err = r.falseAlarms.explained(ctx, s); err != nil {
		return err
	}
	if p.Missed, err = r.missed.explained(ctx, s); err != nil {
		return err
	}
	out := bufio.NewWriter(r.file)
	if err := webpage.Write(out, &p); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	if err := r.file.Sync(); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	if err := replaceable(r.path, r.inputs); err != nil {
		return err
	}
	if err := os.Rename(r.file.Name(), r.path); err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	return nil
}

// close takes the temporary file away, if the page is not written.
func (r *evalReport) close() {
	_ = r.file.Close() // it may be closed
	_ = os.Remove(r.file.Name())
}

// files describes the inputs.
func (r *evalReport) files() ([]webpage.File, error) {
	out := make([]webpage.File, len(r.inputs))
	for i, path := range r.inputs {
		if path == "-" {
			out[i] = webpage.File{Path: "standard input", Rows: r.rows["stdin"]}
			continue
		}
		f, err := describeFile(path)
		if err != nil {
			return nil, err
		}
		f.Rows = r.rows[path]
		out[i] = f
	}
	return out, nil
}

// describeFile hashes a file. What is no regular file cannot be read again.
func describeFile(path string) (webpage.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return webpage.File{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return webpage.File{Path: path}, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return webpage.File{Path: path, SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: n}, err
}

// machine describes what this runs on, not which one it is.
func machine() string {
	cpu := ""
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range bytes.Lines(info) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value) + ", "
				break
			}
		}
	}
	return fmt.Sprintf("%s%d cores, %s/%s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
