package caddymodule

import (
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/limen-waf/limen/store"
)

func init() {
	httpcaddyfile.RegisterHandlerDirective("limen_image", parseImageHandler)

	// Behind what says who the client is and which requests are let in, before what
	// routes and answers: a gate has to stand before handle and reverse_proxy.
	httpcaddyfile.RegisterDirectiveOrder("limen_image", httpcaddyfile.Before, "invoke")
}

func parseImageHandler(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(ImageHandler)
	if err := handler.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	return handler, nil
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	limen_image [<matcher>] classify|detect <model> {
//		top        <number>
//		min_score  <number>
//		max_bytes  <size>
//		max_pixels <number>
//		max_files  <number>
//		timeout    <duration>
//		reject     <label...> [> <score>]
//		require    <label...> [> <score>]
//		other      reject|allow
//		on_error   allow|block
//		record     on|off
//		thumbnails [<pixels>]
//	}
//
// The block is optional. reject and require may stand several times, and make it a
// gate; the others may stand once. Labels with blanks stand in quotes. A rule
// applies when one of its labels does.
func (h *ImageHandler) UnmarshalCaddyfile(d *caddyfile.Dispenser) (err error) {
	d.Next() // consume directive name
	if h.Task, err = oneOf(d, procedureClassify, procedureDetect); err != nil {
		return err
	}
	if !d.NextArg() {
		return d.Errf("limen_image %s needs the name of a model of the global option", h.Task)
	}
	h.Model = d.Val()
	if d.NextArg() {
		return d.Errf("limen_image has one argument too many: '%s'", d.Val())
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && option != "reject" && option != "require" {
			return d.Errf("%s is given twice", option)
		}
		seen[option] = true
		if err := h.parseOption(option, d); err != nil {
			return err
		}
		if d.NextArg() {
			return d.Errf("%s has one argument too many: '%s'", option, d.Val())
		}
	}
	for _, option := range []string{"other", "on_error"} {
		if seen[option] && !h.isGate() {
			return d.Errf("%s is an option of a gate: give reject or require too", option)
		}
	}
	return nil
}

func (h *ImageHandler) parseOption(option string, d *caddyfile.Dispenser) (err error) {
	switch option {
	case "top":
		h.Top, err = positive(d, maxTop)
	case "min_score":
		h.MinScore, err = probability(d)
	case "max_bytes":
		h.MaxBytes, err = size(d)
	case "max_pixels":
		var n int
		n, err = positive(d, 1<<31)
		h.MaxPixels = int64(n)
	case "max_files":
		h.MaxFiles, err = positive(d, 1<<12)
	case "timeout":
		h.Timeout, err = positiveDuration(d)
	case "reject":
		h.Reject, err = parseRule(d, h.Reject)
	case "require":
		h.Require, err = parseRule(d, h.Require)
	case "other":
		h.Other, err = oneOf(d, otherReject, otherAllow)
	case "on_error":
		h.OnError, err = oneOf(d, store.Allow, store.Block)
	case "record":
		var on bool
		on, err = onOff(d)
		h.NoRecord = !on
	case "thumbnails":
		h.Thumbnails, err = parseThumbnails(d)
	default:
		return d.Errf("unknown limen_image option '%s'", option)
	}
	return err
}

// parseThumbnails reads the pixels of the longer side, which may be left out.
func parseThumbnails(d *caddyfile.Dispenser) (int, error) {
	if !d.NextArg() {
		return defaultThumbnail, nil
	}
	n, err := strconv.Atoi(d.Val())
	if err != nil || n < minThumbnail || n > maxThumbnail {
		return 0, d.Errf("thumbnails is '%s', expected the pixels of the longer side, %d to %d", d.Val(), minThumbnail, maxThumbnail)
	}
	return n, nil
}

// parseRule reads labels, and a score behind >.
func parseRule(d *caddyfile.Dispenser, rules []ImageRule) ([]ImageRule, error) {
	option := d.Val()
	var r ImageRule
	for d.NextArg() {
		arg := d.Val()
		rest, isScore := strings.CutPrefix(arg, ">")
		if !isScore {
			r.Labels = append(r.Labels, arg)
			continue
		}
		if rest == "" {
			if !d.NextArg() {
				return nil, d.Errf("%s has no score behind >", option)
			}
			rest = d.Val()
		}
		p, err := strconv.ParseFloat(rest, 64)
		if err != nil || !(p >= 0 && p < 1) {
			return nil, d.Errf("%s has score '%s', expected a number from 0 to below 1", option, rest)
		}
		r.Above = &p
		break
	}
	if len(r.Labels) == 0 {
		return nil, d.Errf("%s needs a label, as in: %s cat > 0.8", option, option)
	}
	return append(rules, r), nil
}

// Interface guard.
var _ caddyfile.Unmarshaler = (*ImageHandler)(nil)
