package caddymodule

import (
	"context"
	"testing"
	"time"
)

// Ensure that a request which comes before Start waits for the store, and not
// for ever.
func TestOpenStoreWaits(t *testing.T) {
	a := newApp()
	got := make(chan *sharedStore, 1)
	go func() { got <- a.openStore(context.Background()) }()
	select {
	case s := <-got:
		t.Fatalf("got %v before Start", s)
	case <-time.After(20 * time.Millisecond):
	}
	want := new(sharedStore)
	a.store.Store(want)
	close(a.started)
	if s := <-got; s != want {
		t.Errorf("got %v after Start", s)
	}

	failed := newApp()
	close(failed.started)
	if s := failed.openStore(context.Background()); s != nil {
		t.Errorf("got %v after a Start that failed", s)
	}

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if s := newApp().openStore(gone); s != nil {
		t.Errorf("got %v for a client that is gone", s)
	}
}

// Ensure that cleaning up what was never provisioned does nothing, and twice
// does no more than once.
func TestCleanupUnprovisioned(t *testing.T) {
	a := newApp()
	for range 2 {
		if err := a.Cleanup(); err != nil {
			t.Error(err)
		}
	}
}
