package caddymodule

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evaluate"
)

func newEvalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval [--model M] [--device D] [--threshold T] [--target-fpr F] [--by dataset|class] [--anomaly apart|attack|normal] [--prior P] [--mistakes OUT] [--report OUT.html [--worst N]] [--json] FILE…",
		Short: "Judges a model by labelled requests: detection, false alarms, and how sure that is",
		Long: `Judges a model by labelled requests from files.

FPR is the share of normal requests that would be blocked (false alarms), TPR
that of attacks, each with its 95 % confidence interval (Clopper-Pearson). AUC,
the area under the ROC curve, judges the scores at all thresholds at once.

Requests labelled anomaly are counted apart unless --anomaly says what they
are. --target-fpr finds the lowest threshold that keeps the false alarms at the
given rate on these requests; judge it on others.

Calibration asks whether the score is a probability. ECE, the expected
calibration error, is the mean distance between score and share of attacks over
15 bins (0 is best), the Brier score the mean squared distance from the truth.
Both, and the average precision, depend on how common attacks are: --prior is
the share of attacks to judge them for, whatever the mix of the files is.

--report writes one web page with everything: figures and intervals, curves,
tables, and the --worst mistakes of each kind with the characters that made
their scores. It needs no network and no scripts. It holds requests as they
were sent: only you may read the file.

--mistakes writes the requests that were wrong, as they were read, with the
fields mistake ("false positive" or "false negative"), score and found (the
likeliest attack class) added.
` + requestFilesHelp,
		Example: `  $ caddy limen eval test/*.jsonl.gz
  $ caddy limen eval --by class --mistakes wrong.jsonl test.jsonl
  $ caddy limen eval --report report.html --prior 0.01 test/*.jsonl.gz
  $ caddy limen eval --target-fpr 0.001 --json normal.jsonl attacks.jsonl`,
		Args: requestFiles,
	}
	var flags evalFlags
	flags.add(cmd)
	flags.workers = addWorkersFlag(cmd)
	cmd.RunE = flags.run
	return cmd
}

type evalFlags struct {
	modelFlags
	json      bool
	targetFPR float64
	by        string
	anomaly   string
	mistakes  string
	prior     float64
	report    string
	worst     int
	workers   *int
}

func (f *evalFlags) add(cmd *cobra.Command) {
	f.modelFlags.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "Write the whole report as JSON")
	cmd.Flags().Float64Var(&f.targetFPR, "target-fpr", 0, "Find the threshold for this rate of false alarms, such as 0.001")
	cmd.Flags().StringVar(&f.by, "by", "dataset", "Break the figures down by dataset or class")
	cmd.Flags().StringVar(&f.anomaly, "anomaly", "apart", "Count requests labelled anomaly apart, as attack, or as normal")
	cmd.Flags().Float64Var(&f.prior, "prior", 0, "Share of attacks that precision and calibration are judged at, such as 0.01 (default: the model's, or 0.5)")
	cmd.Flags().StringVar(&f.report, "report", "", "Write the whole report as one web page to this file")
	cmd.Flags().IntVar(&f.worst, "worst", 50, "Number of mistakes of each kind in the web page, the worst first")
	cmd.Flags().StringVar(&f.mistakes, "mistakes", "", "Write the requests that were wrong to this file, - for standard output instead of the tables")
}

func (f *evalFlags) validate(cmd *cobra.Command) error {
	switch {
	case f.by != "dataset" && f.by != "class":
		return fmt.Errorf("--by is %q, expected dataset or class", f.by)
	case f.anomaly != "apart" && f.anomaly != corpus.Attack && f.anomaly != corpus.Normal:
		return fmt.Errorf("--anomaly is %q, expected apart, attack or normal", f.anomaly)
	case cmd.Flags().Changed("target-fpr") && !(f.targetFPR > 0 && f.targetFPR < 1):
		return fmt.Errorf("--target-fpr is %v, expected a number between 0 and 1, such as 0.001", f.targetFPR)
	case cmd.Flags().Changed("prior") && !(f.prior > 0 && f.prior < 1):
		return fmt.Errorf("--prior is %v, expected a number between 0 and 1, such as 0.01", f.prior)
	case f.worst < 0 || f.worst > maxWorst:
		return fmt.Errorf("--worst is %d, expected 0 to %d", f.worst, maxWorst)
	case cmd.Flags().Changed("worst") && f.report == "":
		return errors.New("--worst is about the web page: name its file with --report, such as --report report.html")
	case cmd.Flags().Changed("report") && (f.report == "" || f.report == "-"):
		return fmt.Errorf("--report is %q, expected the name of a file, such as report.html", f.report)
	}
	return nil
}

func (f *evalFlags) run(cmd *cobra.Command, args []string) (err error) {
	if err := f.validate(cmd); err != nil {
		return err
	}
	r, err := openFiles(cmd, args)
	if err != nil {
		return err
	}
	s, err := f.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	var report *evalReport
	if f.report != "" {
		if report, err = newEvalReport(cmd, f.report, args, f.worst); err != nil {
			return err
		}
		defer report.close()
	}
	var mistakes io.Writer
	switch f.mistakes {
	case "":
	case "-":
		mistakes = cmd.OutOrStdout()
	default:
		file, err2 := os.Create(f.mistakes)
		if err2 != nil {
			return err2
		}
		defer func() {
			if err2 := file.Close(); err == nil {
				err = err2
			}
		}()
		mistakes = file
	}
	if f.prior == 0 {
		f.prior = s.Model().Manifest.Prior // 0 where the model states none
	}
	bar := newProgress(cmd.ErrOrStderr(), r)
	result, err := evaluateFiles(cmd.Context(), s, r, *f.workers, evaluate.Options{
		Classes: s.Model().Manifest.Classes, Anomaly: f.anomaly, TargetFPR: f.targetFPR, Prior: f.prior,
	}, mistakes, report, bar)
	if err != nil {
		return err
	}
	if report != nil {
		if err := report.write(cmd.Context(), s, result, f.anomaly); err != nil {
			return err
		}
	}
	switch {
	case f.mistakes == "-":
		return nil
	case f.json:
		return json.NewEncoder(cmd.OutOrStdout()).Encode(result)
	}
	return result.write(cmd.OutOrStdout(), f.by)
}

// evalResult is the JSON form of eval's output.
type evalResult struct {
	Model           evalModel             `json:"model"`
	Engine          classifier.EngineInfo `json:"engine"`
	Threshold       float64               `json:"threshold"`
	ClassThresholds map[string]float64    `json:"class_thresholds,omitempty"`
	Requests        int                   `json:"requests"`
	Seconds         float64               `json:"seconds"`
	*evaluate.Report
}

type evalModel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Path    string `json:"path"`
}

// evalSample is what the workers of evaluateFiles hand over.
type evalSample struct {
	evaluate.Sample
	file    string
	Wrong   string      // the kind of mistake, or empty
	mistake []byte      // a JSON line
	wrong   evalMistake // for the report; its record is nil when it is not to be kept
}

// evaluateFiles scores every request of r. mistakes and report may be nil.
func evaluateFiles(ctx context.Context, s *scorer, r *corpus.Reader, workers int, o evaluate.Options, mistakes io.Writer, report *evalReport,
	bar *progress) (*evalResult, error) {
	e := evaluate.New(o)
	var wrong *bufio.Writer
	if mistakes != nil {
		wrong = bufio.NewWriter(mistakes)
	}
	err := corpus.Map(ctx, r, workers,
		func() func(*corpus.Record) (evalSample, error) {
			return func(rec *corpus.Record) (evalSample, error) {
				sample, err := judge(ctx, s, rec)
				out := evalSample{Sample: sample, file: rec.File}
				if err != nil {
					return out, err
				}
				kind, ok := e.Wrong(sample)
				if !ok {
					return out, nil
				}
				out.Wrong = kind
				if wrong != nil {
					out.mistake, err = mistakeLine(rec, sample, kind)
				}
				if report != nil {
					worse := sample.Score
					if !sample.Flagged {
						worse = -worse
					}
					if report.kind(kind).wants(worse) {
						rec.Source = nil // lasts no longer than this call
						out.wrong = evalMistake{rec, sample, worse}
					}
				}
				return out, err
			}
		},
		func(sample evalSample) error {
			bar.add()
			e.Add(sample.Sample)
			if report != nil {
				report.add(&sample)
			}
			if sample.mistake == nil {
				return nil
			}
			_, err := wrong.Write(sample.mistake)
			return err
		})
	bar.clear()
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		if err := wrong.Flush(); err != nil {
			return nil, err
		}
	}
	m := s.Model()
	return &evalResult{
		Model:     evalModel{m.Manifest.Name, m.Manifest.Version, m.Digest, m.Path},
		Engine:    s.Engine().Info(),
		Threshold: s.policy.Threshold, ClassThresholds: s.policy.ClassThresholds,
		Requests: bar.records, Seconds: time.Since(bar.started).Seconds(),
		Report: e.Report(),
	}, nil
}

// judge scores one labelled request.
func judge(ctx context.Context, s *scorer, rec *corpus.Record) (evaluate.Sample, error) {
	if rec.Label == "" {
		return evaluate.Sample{}, fmt.Errorf(`%s:%d: request %s has no label; eval needs "label":"normal", "attack" or "anomaly" (score takes requests without)`, rec.File, rec.Line, rec.ID)
	}
	res, err := s.Classify(ctx, rec.Request())
	if err != nil {
		return evaluate.Sample{}, fmt.Errorf("%s:%d: request %s: %w", rec.File, rec.Line, rec.ID, err)
	}
	return evaluate.Sample{
		Dataset: rec.Dataset, Label: rec.Label, Class: rec.Class,
		Score: res.Score, Attack: res.Attack, Flagged: s.policy.Flagged(&res),
	}, nil
}

// mistakeKey begins the fields that mistakeLine adds. Inside a JSON string its
// quotes would be escaped, so that it cannot stand in one.
const mistakeKey = `,"mistake":`

// mistakeLine is the record's line as it was read, with what was wrong added at
// its end, in the place of what an earlier run added.
func mistakeLine(rec *corpus.Record, s evaluate.Sample, kind string) ([]byte, error) {
	line := bytes.TrimRight(rec.Source, " \t")
	if i := bytes.LastIndex(line, []byte(mistakeKey)); i >= 0 {
		line = line[:i]
	} else {
		line = bytes.TrimRight(bytes.TrimSuffix(line, []byte("}")), " \t")
	}
	out := bytes.Clone(line)
	out = append(out, mistakeKey...)
	out = strconv.AppendQuote(out, kind)
	out = append(out, `,"score":`...)
	out = strconv.AppendFloat(out, s.Score, 'g', -1, 64)
	out = append(out, `,"found":`...)
	out = strconv.AppendQuote(out, s.Attack)
	return append(out, "}\n"...), nil
}

// write writes the result as tables.
func (r *evalResult) write(w io.Writer, by string) error {
	fmt.Fprintf(w, "model      %s %s, %s (%s)\n", r.Model.Name, r.Model.Version, r.Model.Digest, r.Model.Path)
	fmt.Fprintf(w, "engine     %s %s on %s\n", r.Engine.Engine, r.Engine.Version, r.Engine.Device)
	fmt.Fprintf(w, "threshold  %v", r.Threshold)
	for _, c := range r.Confusion.Names {
		if t, ok := r.ClassThresholds[c]; ok {
			fmt.Fprintf(w, ", %s %v", c, t)
		}
	}
	fmt.Fprintf(w, "\nrequests   %s in %.1f s, %s/s\n\n", thousands(r.Requests), r.Seconds, thousands(int(float64(r.Requests)/max(r.Seconds, 1e-3))))
	if err := r.datasetTable(by == "dataset").write(w); err != nil {
		return err
	}
	if by == "class" {
		fmt.Fprint(w, "\n")
		if err := r.classTable().write(w); err != nil {
			return err
		}
		fmt.Fprintf(w, "\nmacro-F1 of naming the attacks found: %s\n\nattacks found, by class (rows) and the class they were called (columns)\n\n", fraction(r.MacroF1))
		if err := r.confusionTable().write(w); err != nil {
			return err
		}
	}
	r.writeCalibration(w)
	return r.writeTarget(w)
}

// writeCalibration writes what depends on how common attacks are.
func (r *evalResult) writeCalibration(w io.Writer) {
	c := r.Calibration
	if c == nil {
		return
	}
	fmt.Fprintf(w, "\nwhere %.6g %% of the requests are attacks:\n", 100*c.Prior)
	fmt.Fprintf(w, "  calibration error %s (bins of equal width), %s (of equal weight), Brier score %s, average precision %s\n",
		fraction(c.ECE), fraction(c.ECEMass), fraction(c.Brier), fraction(r.Curves.AveragePrecision))
}

func (r *evalResult) datasetTable(all bool) table {
	rows := []evaluate.Metrics{}
	if all {
		rows = append(rows, r.Datasets...)
	}
	overall := r.Overall
	overall.Name = "all"
	rows = append(rows, overall)
	head := []string{"data set", "normal", "attack", "FPR %", "95 %", "TPR %", "95 %", "bal.acc %", "F1", "AUC"}
	anomalies := r.Overall.Anomaly > 0
	if anomalies {
		head = append(head, "anomaly", "flagged %")
	}
	var t table
	t.row(head...)
	for _, m := range rows {
		if m.Name == "" {
			m.Name = "(none)"
		}
		row := []string{
			m.Name, count(m.Normal), count(m.Attack), percent(m.FPR.Rate, 3), interval(m.FPR, 3), percent(m.TPR.Rate, 2), interval(m.TPR, 2),
			percent(m.BalancedAccuracy, 2), fraction(m.F1), fraction(m.AUC),
		}
		if anomalies {
			row = append(row, count(m.Anomaly), percent(m.AnomalyRate.Rate, 2))
		}
		t.row(row...)
	}
	return t
}

func (r *evalResult) classTable() table {
	var t table
	t.row("class", "attack", "TPR %", "95 %", "precision", "recall", "F1")
	for _, c := range r.Classes {
		t.row(c.Name, count(c.Attack), percent(c.TPR.Rate, 2), interval(c.TPR, 2), fraction(c.Precision), fraction(c.Recall), fraction(c.F1))
	}
	return t
}

func (r *evalResult) confusionTable() table {
	var t table
	t.row(append([]string{""}, r.Confusion.Names...)...)
	for i, name := range r.Confusion.Names {
		row := []string{name}
		total := 0
		for _, n := range r.Confusion.Counts[i] {
			cell := "·"
			if n > 0 {
				cell = thousands(n)
			}
			row = append(row, cell)
			total += n
		}
		if total > 0 {
			t.row(row...)
		}
	}
	return t
}

func (r *evalResult) writeTarget(w io.Writer) error {
	t := r.Target
	if t == nil {
		return nil
	}
	fmt.Fprintf(w, "\nthreshold for an FPR of %.6g %%: %v\n", 100*t.Wanted, t.Threshold)
	fmt.Fprintf(w, "  FPR %s %% %s, TPR %s %% %s\n", percent(t.FPR.Rate, 3), interval(t.FPR, 3), percent(t.TPR.Rate, 2), interval(t.TPR, 2))
	switch {
	case !t.Reachable:
		fmt.Fprintf(w, "  not to be had: normal requests score 1\n")
	case !t.Enough:
		fmt.Fprintf(w, "  %s normal requests are too few for this rate; it takes %s at least\n", thousands(t.FPR.Of), thousands(int(1/t.Wanted)+1))
	}
	return nil
}
