//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/limen-waf/limen/bench/proc"
	"github.com/limen-waf/limen/bench/site"
)

// setting says where, when and of what numbers were taken.
type setting struct {
	Machine proc.Machine `json:"machine"`
	Date    time.Time    `json:"date"`
	Commit  string       `json:"commit"`
	Caddy   string       `json:"caddy"`
	Command string       `json:"command"`
	// OthersCores and StealCores are the mean cores that other processes used,
	// and that the hypervisor withheld, during measurements.
	OthersCores float64 `json:"others_cores"`
	StealCores  float64 `json:"steal_cores"`
	// Limen is what each contestant with Limen says of itself at the end.
	Limen map[string]*site.Facts `json:"limen,omitempty"`
	// Coraza is what the contestants with Coraza consist of.
	Coraza map[string]string `json:"coraza,omitempty"`
}

// ask notes what the contestant says of itself, if it has Limen.
func (s *setting) ask(ctx context.Context, st *stage, caddy *site.Caddy) {
	if !caddy.Contestant.Limen() {
		return
	}
	facts, err := caddy.Facts(ctx)
	if err != nil {
		st.say("%v", err)
		return
	}
	if s.Limen == nil {
		s.Limen = map[string]*site.Facts{}
	}
	s.Limen[caddy.Contestant.Name] = facts
}

// newSetting must be called before the measurements, for the machine's load.
func newSetting(name string, arguments []string, binary string) setting {
	s := setting{Machine: proc.ReadMachine(), Date: time.Now().UTC().Truncate(time.Second)}
	s.Commit = output("git", "rev-parse", "--short=12", "HEAD")
	if s.Commit == "" {
		s.Commit = "unknown"
	} else if output("git", "status", "--porcelain") != "" {
		s.Commit += " and uncommitted changes"
	}
	s.Caddy, _, _ = strings.Cut(output(binary, "version"), " ")
	words := []string{"go run ./cmd/limenbench", name}
	for _, argument := range arguments {
		if strings.ContainsAny(argument, " \t'\"$*?;&|<>(){}") {
			argument = "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
		}
		words = append(words, argument)
	}
	s.Command = strings.Join(words, " ")
	return s
}

// output returns what a command prints, "" if it fails.
func output(name string, arguments ...string) string {
	out, err := exec.Command(name, arguments...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// String returns the setting as a Markdown list.
func (s *setting) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- machine: %s, %d cores, %.0f GiB, Linux %s, %s; load average before the run %.2f, other processes used %.2f cores and the hypervisor withheld %.2f during it\n",
		s.Machine.CPU, s.Machine.Cores, float64(s.Machine.Memory)/(1<<30), s.Machine.Kernel, s.Machine.Arch, s.Machine.Load, s.OthersCores, s.StealCores)
	fmt.Fprintf(&b, "- date: %s, commit %s, Caddy %s, benchmark built with %s\n", s.Date.Format("2006-01-02 15:04 MST"), s.Commit, s.Caddy, s.Machine.Go)
	fmt.Fprintf(&b, "- command, in bench/: `%s`\n", s.Command)
	for _, name := range slices.Sorted(maps.Keys(s.Limen)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, s.Limen[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Coraza)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, s.Coraza[name])
	}
	return b.String()
}
