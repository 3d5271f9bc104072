//go:build !linux

// Command limenbench measures Limen beside a bare Caddy. It reads processor time
// and memory from Linux's /proc.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "limenbench: needs Linux: it reads processor time and memory from /proc")
	os.Exit(1)
}
