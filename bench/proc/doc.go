// Package proc reads from the Linux kernel what a process used and what machine
// it ran on.
package proc
