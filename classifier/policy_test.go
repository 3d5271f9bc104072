package classifier_test

import (
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier"
)

func policy(edit func(*classifier.Policy)) classifier.Policy {
	p := classifier.Policy{
		Mode: classifier.ModeBlock, Threshold: 0.9,
		OnError: classifier.Allow, OnOversize: classifier.Allow,
	}
	if edit != nil {
		edit(&p)
	}
	return p
}

// Ensure that a policy turns scores, fallbacks and cut bodies into the decision
// that its mode permits.
func TestPolicyDecide(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*classifier.Policy)
		result classifier.Result
		want   classifier.Decision
	}{
		{"below", nil, classifier.Result{Score: 0.8999, Attack: "xss"}, classifier.Allow},
		{"at the threshold", nil, classifier.Result{Score: 0.9, Attack: "xss"}, classifier.Block},
		{"tag mode", func(p *classifier.Policy) { p.Mode = classifier.ModeTag }, classifier.Result{Score: 1}, classifier.Tag},
		{"observe mode", func(p *classifier.Policy) { p.Mode = classifier.ModeObserve }, classifier.Result{Score: 1}, classifier.Allow},
		{"class threshold lowers", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"sqli": 0.3} },
			classifier.Result{Score: 0.4, Class: "none", Attack: "sqli"}, classifier.Block},
		{"class threshold raises", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"sqli": 0.99} },
			classifier.Result{Score: 0.95, Class: "sqli", Attack: "sqli"}, classifier.Allow},
		{"another class keeps the threshold", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"sqli": 0.99} },
			classifier.Result{Score: 0.95, Class: "xss", Attack: "xss"}, classifier.Block},
		{"deadline allows", nil, classifier.Result{Fallback: classifier.FallbackDeadline}, classifier.Allow},
		{"deadline blocks", func(p *classifier.Policy) { p.OnError = classifier.Block },
			classifier.Result{Fallback: classifier.FallbackDeadline}, classifier.Block},
		{"an attack found before the deadline", nil,
			classifier.Result{Score: 0.99, Fallback: classifier.FallbackDeadline}, classifier.Block},
		{"oversize tags", func(p *classifier.Policy) { p.OnOversize = classifier.Tag },
			classifier.Result{Sent: 10, Inspected: 5}, classifier.Tag},
		{"oversize blocks", func(p *classifier.Policy) { p.OnOversize = classifier.Block },
			classifier.Result{Sent: 10, Inspected: 5}, classifier.Block},
		{"oversize in observe", func(p *classifier.Policy) { p.OnOversize, p.Mode = classifier.Block, classifier.ModeObserve },
			classifier.Result{Sent: 10, Inspected: 5}, classifier.Allow},
		{"whole body", func(p *classifier.Policy) { p.OnOversize = classifier.Block },
			classifier.Result{Sent: 10, Inspected: 10}, classifier.Allow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy(tt.edit)
			if got := p.Decide(&tt.result); got != tt.want {
				t.Errorf("decision is %q, expected %q", got, tt.want)
			}
		})
	}
}

// Ensure that a policy that makes no sense is refused with the name of what is
// wrong.
func TestPolicyValidate(t *testing.T) {
	classes := []string{"none", "sqli", "xss"}
	tests := []struct {
		name string
		edit func(*classifier.Policy)
		want string // in the error; "" for none
	}{
		{"good", nil, ""},
		{"threshold one", func(p *classifier.Policy) { p.Threshold = 1 }, ""},
		{"threshold zero", func(p *classifier.Policy) { p.Threshold = 0 }, "threshold is 0"},
		{"threshold above one", func(p *classifier.Policy) { p.Threshold = 95 }, "threshold is 95"},
		{"mode", func(p *classifier.Policy) { p.Mode = "monitor" }, `mode is "monitor"`},
		{"class none", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"none": 0.5} }, `class "none"`},
		{"unknown class", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"sql": 0.5} }, `class "sql"`},
		{"class threshold", func(p *classifier.Policy) { p.ClassThresholds = map[string]float64{"sqli": -1} }, "threshold of class"},
		{"on_error", func(p *classifier.Policy) { p.OnError = "tag" }, "on_error"},
		{"on_oversize", func(p *classifier.Policy) { p.OnOversize = "" }, "on_oversize"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy(tt.edit)
			err := p.Validate(classes)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, expected it to contain %q", err, tt.want)
			}
		})
	}
}
