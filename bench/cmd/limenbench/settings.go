//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/limen-waf/limen/bench/site"
)

// settings are the flags that all subcommands share.
type settings struct {
	caddy       string
	coraza      string
	contestants string
	binaries    list
	options     list
	block       list
	rules       list
	connections int
	response    int
	limit       time.Duration
	folder      string
	json        string
}

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// newFlags returns a flag set with the shared flags on it.
func newFlags(name, contestants string, s *settings, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("limenbench "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.caddy, "caddy", "../caddy", "the Caddy `binary` with Limen compiled in; every contestant but coraza-… runs it")
	flags.StringVar(&s.coraza, "coraza", "", "the Caddy `binary` with Coraza compiled in, which the contestants coraza-… run (default: built from cmd/caddy-coraza into out/)")
	flags.StringVar(&s.contestants, "contestants", contestants,
		"comma-separated `names`; the first is the baseline; known: "+strings.Join(site.Builtin(), ", ")+"; NAME=FILE reads Caddyfile directives (after global options and a line ---)")
	flags.Var(&s.binaries, "binary", "`NAME=PATH`: another Caddy binary for one contestant (repeatable)")
	flags.Var(&s.options, "option", "`line` for the limen global option of the built-in contestants (repeatable)")
	flags.Var(&s.block, "limen", "`line` for the limen directive of the built-in contestants, e.g. 'deadline 1s' (repeatable)")
	flags.Var(&s.rules, "seclang", "`line` of SecLang after the rules of the built-in contestants with Coraza (repeatable)")
	flags.IntVar(&s.response, "response-bytes", 512, "size of the upstream's answers in `bytes`")
	flags.DurationVar(&s.limit, "limit", 30*time.Minute, "give up after this `time`")
	flags.StringVar(&s.folder, "folder", "", "`folder` for temporary files, on the disk to measure (default: the system's)")
	flags.StringVar(&s.json, "json", "", "also write every number to this `file`")
	return flags
}

// parsed checks what the flags say and returns the contestants. It builds a
// Caddy with Coraza if one of them needs it and none is named.
func (s *settings) parsed(ctx context.Context, log io.Writer) ([]*site.Contestant, error) {
	if s.connections < 1 || s.response < 0 {
		return nil, errors.New("--connections must be at least 1 and --response-bytes at least 0")
	}
	binaries := map[string]string{}
	for _, pair := range s.binaries {
		name, path, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("--binary %q: want NAME=PATH", pair)
		}
		binaries[name] = path
	}
	var contestants []*site.Contestant
	seen := map[string]bool{}
	for name := range strings.SplitSeq(s.contestants, ",") {
		c, err := site.Named(strings.TrimSpace(name), s.caddy, site.Extra{Globals: s.options, Block: s.block, Rules: s.rules})
		if err != nil {
			return nil, err
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("contestant %q is named twice", c.Name)
		}
		seen[c.Name] = true
		if path, ok := binaries[c.Name]; ok {
			c.Binary = path
			delete(binaries, c.Name)
		} else if c.Coraza() {
			c.Binary = s.coraza
		}
		contestants = append(contestants, c)
	}
	for name := range binaries {
		return nil, fmt.Errorf("--binary %s: no such contestant", name)
	}
	for _, c := range contestants {
		if c.Binary != "" {
			continue
		}
		if s.coraza == "" {
			var err error
			if s.coraza, err = buildCoraza(ctx, s.caddy, log); err != nil {
				return nil, err
			}
		}
		c.Binary = s.coraza
	}
	return contestants, nil
}
