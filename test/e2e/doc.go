// Package e2e tests the built binary from the outside: a demo site behind Limen,
// real sockets, real requests, and the command line that a user would type. It
// imports nothing of Limen's.
//
// LIMEN_CADDY names a binary to test; without it the tests build ./cmd/caddy
// once. LIMEN_SHARED names the folder of the shared data sets (default
// ../shared, seen from the repository's root); tests that need it skip without.
package e2e
