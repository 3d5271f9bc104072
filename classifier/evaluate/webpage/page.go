package webpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evaluate"
	"github.com/limen-waf/limen/classifier/explain"
	"github.com/limen-waf/limen/model"
)

// Page is what there is to say of a model.
type Page struct {
	Model  *model.Model
	Engine classifier.EngineInfo
	// Threshold and ClassThresholds are those that requests were judged by.
	Threshold       float64
	ClassThresholds map[string]float64
	// Anomaly says how samples labelled anomaly were counted: "apart", "attack" or "normal".
	Anomaly string

	// Files are those that the requests were read from.
	Files []File
	// Requests is how many were judged, in Seconds.
	Requests int
	Seconds  float64

	// Limen is the version of the program, Machine what it ran on, Command the command
	// line that makes the page again, Made when it was made.
	Limen   string
	Machine string
	Command string
	Made    time.Time

	Report *evaluate.Report
	// FalseAlarms and Missed are the worst mistakes of each kind, the worst first.
	FalseAlarms []Mistake
	Missed      []Mistake
}

// File is a file of labelled requests.
type File struct {
	Path   string
	SHA256 string // hexadecimal; empty for what is no file
	Bytes  int64
	Rows   int
}

// Mistake is one request that was judged wrongly.
type Mistake struct {
	ID, Dataset string
	// Class is the true class of an attack, empty when not known.
	Class   string
	Request *classifier.Request
	// Explanation says what made its score.
	Explanation explain.Explanation
}

//go:embed page.html
var source string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"percent":  percent,
	"interval": interval,
	"figure":   figure,
	"count":    thousands,
	"text":     func(s string) []explain.Piece { return explain.Visible(cutText(s, 160)) },
	"long":     func(s string) []explain.Piece { return explain.Visible(cutText(s, 4000)) },
	"word":     word,
	"number":   number,
	"exp":      func(f float64) string { return fmt.Sprintf("%.4f", f) },
	"heat":     heat,
	"percent2": percent2,
	"number4":  func(f float64) string { return fmt.Sprintf("%.4f", f) },
	"plus":     func(n int) int { return n + 1 },
	"seconds":  func(s float64) string { return fmt.Sprintf("%.1f s", s) },
}).Parse(source))

// Write writes the page as HTML.
func Write(w io.Writer, p *Page) error {
	sum := sha256.Sum256([]byte(style))
	d := data{
		Page:   p,
		Style:  template.CSS(style), // this package's own
		Policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'none'; base-uri 'none'",
		Sets:   sets(p.Report),
	}
	if c := p.Report.Curves; c != nil {
		d.Charts = append(d.Charts, rocChart(p.Report), precisionChart(p.Report), reliabilityChart(p.Report.Calibration))
		d.Operating = operatingPoints(c)
	}
	d.Charts = append(d.Charts, histogramChart(&p.Report.Histogram, p.Threshold))
	for _, kind := range []struct {
		name, title, none string
		total             int
		list              []Mistake
	}{
		{"false-alarms", "False alarms", "No normal request was flagged.", p.Report.Overall.FPR.Hits, p.FalseAlarms},
		{"missed", "Missed attacks", "No attack was missed.", p.Report.Overall.TPR.Of - p.Report.Overall.TPR.Hits, p.Missed},
	} {
		d.Mistakes = append(d.Mistakes, mistakes{kind.name, kind.title, kind.none, kind.total, faces(kind.list)})
	}
	if err := page.Execute(w, d); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// data is what the template reads.
type data struct {
	*Page
	Style     template.CSS
	Policy    string
	Sets      []setRow
	Charts    []chart
	Operating []operatingPoint
	Mistakes  []mistakes
}

// Classes are the classes that have attacks.
func (d data) Classes() []evaluate.Class { return d.Report.Classes }

// Thresholds are the classes with a threshold of their own, in the model's order.
func (d data) Thresholds() []string {
	var out []string
	for _, c := range d.Model.Manifest.Classes {
		if _, ok := d.ClassThresholds[c]; ok {
			out = append(out, c)
		}
	}
	return out
}

// setRow is the samples of one data set and label.
type setRow struct {
	Name, Label string
	Of          evaluate.Rate
	Wrong       bool // flagged is wrong
	Total       bool
}

func sets(r *evaluate.Report) []setRow {
	var out []setRow
	all := r.Overall
	all.Name = "all"
	for i, m := range append(slices.Clone(r.Datasets), all) {
		total := i == len(r.Datasets)
		if m.Name == "" {
			m.Name = "(none)"
		}
		for _, row := range []setRow{
			{m.Name, "normal", m.FPR, true, total}, {m.Name, "attack", m.TPR, false, total}, {m.Name, "anomaly", m.AnomalyRate, false, total},
		} {
			if row.Of.Of > 0 {
				out = append(out, row)
			}
		}
	}
	return out
}

// operatingPoint is what can be had at a rate of false alarms.
type operatingPoint struct {
	Most float64
	evaluate.Point
}

// operatingPoints are the points with the most detection at round rates of false alarms.
func operatingPoints(c *evaluate.Curves) []operatingPoint {
	var out []operatingPoint
	for _, most := range []float64{1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 0.1} {
		best := operatingPoint{Most: most, Point: evaluate.Point{Threshold: 1}}
		for _, p := range c.Points {
			if p.FPR <= most {
				best.Point = p
			}
		}
		if best.TPR > 0 {
			out = append(out, best)
		}
	}
	return out
}

// mistakes are those of one kind.
type mistakes struct {
	Name, Title, None string
	Total             int
	List              []face
}
