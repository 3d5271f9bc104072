//go:build !amd64

package native

// accelerated is empty: there is no assembly for this processor.
func accelerated() []*isa { return nil }
