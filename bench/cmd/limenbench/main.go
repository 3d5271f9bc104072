//go:build linux

// Command limenbench measures Limen beside a bare Caddy in one run: processor
// time a request, throughput, latency, memory, and what the live server blocks.
//
//	limenbench proxy [flags] FILE…           compare contestants over requests
//	limenbench proxy --table [flags] FILE…   what the live server blocks, by data set
//	limenbench compare [flags] FILE…         accuracy and cost beside Coraza with the Core Rule Set
//	limenbench body [flags]                  cost of inspecting large bodies
//	limenbench store [flags]                 time of every query over a filled store
//	limenbench image [flags]                 image models beside a bare loop and a Node server
//
// FILE is a JSON Lines file of requests (.jsonl, .jsonl.gz) or a folder of them.
// Everything runs on the loopback in a temporary folder and is gone afterwards,
// also after Ctrl-C. The numbers are ratios within one run: contestants take
// turns, so that what else the machine does hits all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"github.com/limen-waf/limen/bench/site"
)

// Children die with the thread that started them, so main keeps to its own.
func init() { runtime.LockOSThread() }

const usage = `usage:
  limenbench proxy [flags] FILE…           compare contestants over requests
  limenbench proxy --table [flags] FILE…   what the live server blocks, by data set
  limenbench compare [flags] FILE…         accuracy and cost beside Coraza with the Core Rule Set
  limenbench body [flags]                  cost of inspecting large bodies
  limenbench evade [flags] FILE…           share of attacks still caught when a search hides them; --drift for ordinary values
  limenbench padding [flags] FILE…         share of attacks still caught in up to 1 MiB of ordinary filler
  limenbench store [flags]                 time of every query over a filled store
  limenbench image [flags]                 image models beside a bare loop and a Node server
flags: limenbench SUBCOMMAND --help
`

func main() {
	if len(os.Args) == 3 && os.Args[1] == site.UpstreamCommand {
		// The upstream's process ends by signal, so it must not catch any.
		size, _ := strconv.Atoi(os.Args[2])
		fmt.Fprintln(os.Stderr, "limenbench:", site.ServeUpstream(os.Stdout, size))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "limenbench:", err)
		os.Exit(1)
	}
}

// run is main without the process around it.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	command := ""
	if len(arguments) > 0 {
		command, arguments = arguments[0], arguments[1:]
	}
	switch command {
	case "proxy":
		return runProxy(ctx, arguments, stdout, stderr)
	case "compare":
		return runCompare(ctx, arguments, stdout, stderr)
	case "body":
		return runBody(ctx, arguments, stdout, stderr)
	case "evade":
		return runEvade(ctx, arguments, stdout, stderr)
	case "harden":
		return runHarden(ctx, arguments, stdout, stderr)
	case "padding":
		return runPadding(ctx, arguments, stdout, stderr)
	case "store":
		return runStore(ctx, arguments, stdout, stderr)
	case "image":
		return runImage(ctx, arguments, stdout, stderr)
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return nil
	default:
		fmt.Fprint(stderr, usage)
		return fmt.Errorf("unknown subcommand %q", command)
	}
}
