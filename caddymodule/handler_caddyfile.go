package caddymodule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/limen-waf/limen/classifier"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("limen", parseHandler)

	// After try_files is the place between changing the request and serving
	// it. Before it stand vars and map, whose results matchers of the directive
	// use, request_body, whose size limit then holds for Limen's reading too,
	// and the rewrites, which Limen looks behind anyway. After it stands everything that
	// spends work on a request or answers it: basic_auth, forward_auth, encode,
	// handle, respond, reverse_proxy. try_files cannot be missing or move: it
	// is in Caddy's documented order.
	httpcaddyfile.RegisterDirectiveOrder("limen", httpcaddyfile.After, "try_files")
}

func parseHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return handler, nil
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	limen [<matcher>] {
//		mode        observe|tag|block
//		threshold   <number>
//		target_fpr  <share>
//		class       <name> <number>
//		deadline    <duration>
//		on_error    allow|block
//		body_limit  <size>
//		on_oversize allow|tag|block
//		record      all|flagged|none|sample <fraction>
//		durability  batched|strict
//		except      path <pattern...>
//		except      method <name...>
//		except      header <field> [<value>]
//		except      client_ip <range...>
//	}
//
// Everything is optional. class and except may stand several times, the others
// once. A number is above 0 and at most 1, a share from 0.00001 to 0.5; threshold
// and target_fpr exclude each other.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	if d.NextArg() {
		return d.Errf("limen takes no argument, got '%s'; options stand in its block", d.Val())
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && option != "class" && option != "except" {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		if err := h.parseOption(option, d); err != nil {
			return err
		}
		if seen["threshold"] && seen["target_fpr"] {
			return d.Err("threshold and target_fpr exclude each other: give one of them, target_fpr chooses the threshold itself")
		}
		if d.NextArg() {
			return d.Errf("%s has one argument too many: '%s'", option, d.Val())
		}
	}
	return nil
}

func (h *Handler) parseOption(option string, d *caddyfile.Dispenser) (err error) {
	switch option {
	case "mode":
		h.Mode, err = oneOf(d, string(classifier.ModeObserve), string(classifier.ModeTag), string(classifier.ModeBlock))
	case "threshold":
		h.Threshold, err = probability(d)
	case "target_fpr":
		h.TargetFPR, err = targetFPR(d)
	case "class":
		err = h.parseClass(d)
	case "deadline":
		h.Deadline, err = positiveDuration(d)
	case "on_error":
		h.OnError, err = oneOf(d, string(classifier.Allow), string(classifier.Block))
	case "body_limit":
		h.BodyLimit, err = size(d)
		if err == nil && h.BodyLimit > maxBodyLimit {
			err = d.Errf("body_limit is %s, expected at most %s", d.Val(), humanize.IBytes(maxBodyLimit))
		}
	case "on_oversize":
		h.OnOversize, err = oneOf(d, string(classifier.Allow), string(classifier.Tag), string(classifier.Block))
	case "record":
		h.Record, err = oneOf(d, recordAll, recordFlagged, recordNone, recordSample)
		if err == nil && h.Record == recordSample {
			h.Sample, err = probability(d)
		}
	case "durability":
		h.Durability, err = oneOf(d, durabilityBatched, durabilityStrict)
	case "except":
		var set caddy.ModuleMap
		set, err = parseExcept(d)
		h.ExceptRaw = append(h.ExceptRaw, set)
	default:
		return d.Errf("unknown limen option '%s'", option)
	}
	return err
}

func (h *Handler) parseClass(d *caddyfile.Dispenser) (err error) {
	name, err := argument(d)
	if err != nil {
		return err
	}
	if _, twice := h.Classes[name]; twice {
		return d.Errf("class %s is given twice", name)
	}
	if h.Classes == nil {
		h.Classes = make(map[string]float64)
	}
	h.Classes[name], err = probability(d)
	return err
}

// argument returns the next argument of the option that d stands on.
func argument(d *caddyfile.Dispenser) (string, error) {
	option := d.Val()
	if !d.NextArg() {
		return "", d.Errf("%s needs a value", option)
	}
	return d.Val(), nil
}

func oneOf(d *caddyfile.Dispenser, values ...string) (string, error) {
	option := d.Val()
	got, err := argument(d)
	if err != nil {
		return "", err
	}
	for _, v := range values {
		if got == v {
			return got, nil
		}
	}
	return "", d.Errf("%s is '%s', expected one of %s", option, got, strings.Join(values, ", "))
}

func probability(d *caddyfile.Dispenser) (float64, error) {
	option := d.Val()
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	p, err := strconv.ParseFloat(arg, 64)
	if err != nil || !(p > 0 && p <= 1) {
		return 0, d.Errf("%s is '%s', expected a number above 0 and at most 1", option, arg)
	}
	return p, nil
}

// targetFPRExpected is what target_fpr and --target-fpr take.
const targetFPRExpected = "a number from 0.00001 to 0.5, such as 0.001 for one ordinary request in a thousand"

func targetFPR(d *caddyfile.Dispenser) (float64, error) {
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	p, err := parseTargetFPR(arg)
	if err != nil {
		return 0, d.Errf("target_fpr is '%s', expected %s", arg, targetFPRExpected)
	}
	return p, nil
}

func parseTargetFPR(s string) (float64, error) {
	p, err := strconv.ParseFloat(s, 64)
	if err != nil || !(p >= minTargetFPR && p <= maxTargetFPR) {
		return 0, fmt.Errorf("target_fpr is %q, expected %s", s, targetFPRExpected)
	}
	return p, nil
}

func positiveDuration(d *caddyfile.Dispenser) (caddy.Duration, error) {
	option := d.Val()
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	t, err := caddy.ParseDuration(arg)
	if err != nil || t <= 0 {
		return 0, d.Errf("%s is '%s', expected a time above 0 such as 50ms or 30d", option, arg)
	}
	return caddy.Duration(t), nil
}

func size(d *caddyfile.Dispenser) (int64, error) {
	option := d.Val()
	arg, err := argument(d)
	if err != nil {
		return 0, err
	}
	n, err := humanize.ParseBytes(arg)
	if err != nil || n == 0 || n > 1<<62 {
		return 0, d.Errf("%s is '%s', expected a size above 0 such as 512KiB or 10GiB", option, arg)
	}
	return int64(n), nil
}

// Interface guard.
var _ caddyfile.Unmarshaler = (*Handler)(nil)
