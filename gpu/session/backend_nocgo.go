//go:build !cgo

package session

// openBackend returns ErrNoCgo.
func openBackend([]byte, device, Options) (backend, error) { return nil, ErrNoCgo }
