// Package site runs the servers of a measurement, each in a process of its own
// on the loopback: an upstream, and one Caddy a contestant that proxies to it.
// Everything they write lies in one temporary folder, and nothing outlives the
// benchmark: children die with it even if it is killed.
package site
