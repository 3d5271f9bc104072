//go:build !linux

package store

import "go.etcd.io/bbolt"

// dropResident does nothing on this system.
func dropResident(*bbolt.Tx) {}
