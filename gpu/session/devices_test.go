package session

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// Ensure that a lost device is replaced by the CPU without an error, counted, and
// taken again when it is back.
func TestDeviceLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		var log bytes.Buffer
		s := m.session(t, Options{Logger: zerolog.New(&log)})
		defer s.Close()
		good := func(device, fallback string) {
			t.Helper()
			y, stats, err := ask(t.Context(), s, 1)
			if err != nil || y != 2 || stats.Device != device || stats.Fallback != fallback {
				t.Fatalf("got %v, %+v, %v", y, stats, err)
			}
		}
		good("cuda:0", "")
		old := m.at(cuda)
		old.fail(errors.New("CUDA failure 719"))
		m.refuse(cuda, errors.New("no device"))
		good("cpu", "CUDA failure 719")
		good("cpu", "CUDA failure 719")
		if h := s.Health(); !h.Lost || h.Losses != 1 || h.Fallbacks != 2 || h.Device != "cuda:0" || s.Device() != "cpu" {
			t.Errorf("got %+v on %s", h, s.Device())
		}
		time.Sleep(10 * time.Second)
		good("cpu", "CUDA failure 719")
		if !old.isClosed() {
			t.Error("the lost session was not closed")
		}
		m.refuse(cuda, nil)
		time.Sleep(10 * time.Second)
		good("cuda:0", "")
		if h := s.Health(); h.Lost || h.Losses != 1 || h.Fallbacks != 3 || s.Device() != "cuda:0" {
			t.Errorf("got %+v", h)
		}
		synctest.Wait() // what recovers the device is done with the log
		if strings.Count(log.String(), "device lost") != 1 || strings.Count(log.String(), "device back") != 1 {
			t.Errorf("got log\n%s", log.String())
		}
		// Seconds 1, 3, 7, 15: no more than that was tried.
		if opens := slices.DeleteFunc(slices.Clone(m.opened), func(d device) bool { return d != cuda }); len(opens) != 5 {
			t.Errorf("opened the device %d times", len(opens))
		}
	})
}

// Ensure that a run that does not fit into the device's memory is done on the CPU, and that
// the device is kept.
func TestDeviceMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		s := m.session(t, Options{})
		defer s.Close()
		m.at(cuda).fail(errors.New("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 1"))
		if _, stats, err := ask(t.Context(), s, 1); err != nil || stats.Device != "cpu" || stats.Fallback == "" {
			t.Errorf("got %+v, %v", stats, err)
		}
		if h := s.Health(); h.Lost || h.Memory != 1 || h.Fallbacks != 1 {
			t.Errorf("got %+v", h)
		}
		m.at(cuda).fail(nil)
		if _, stats, err := ask(t.Context(), s, 1); err != nil || stats.Device != "cuda:0" {
			t.Errorf("got %+v, %v", stats, err)
		}
	})
}

// Ensure that values that the model cannot bear are not blamed on the device.
func TestDeviceNotAtFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		s := m.session(t, Options{})
		defer s.Close()
		if _, _, err := ask(t.Context(), s, -1); !errors.Is(err, errValue) {
			t.Errorf("got %v", err)
		}
		if h := s.Health(); h.Lost || h.Losses != 0 || h.Fallbacks != 0 || s.Device() != "cuda:0" {
			t.Errorf("got %+v", h)
		}
	})
}

// Ensure that a strict session fails with its device and comes back with it.
func TestDeviceStrict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		s := m.session(t, Options{Strict: true})
		defer s.Close()
		lost := errors.New("CUDA failure 719")
		m.at(cuda).fail(lost)
		if _, _, err := ask(t.Context(), s, 1); !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
		if _, _, err := ask(t.Context(), s, 1); !errors.Is(err, ErrRun) || !strings.Contains(err.Error(), "719") {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, stats, err := ask(t.Context(), s, 1); err != nil || stats.Device != "cuda:0" {
			t.Errorf("got %+v, %v", stats, err)
		}
		if m.at(cpu) != nil {
			t.Error("opened on the CPU")
		}
	})
}

// Ensure what opening does where the device or both cannot be used.
func TestDeviceOpen(t *testing.T) {
	noCUDA, noModel := errors.New("no CUDA"), errors.New("bad model")
	tests := []struct {
		name       string
		cuda, cpu  error
		strict     bool
		device     string
		wantErrors []error
	}{
		{"both", nil, nil, false, "cuda:0", nil},
		{"CPU only", noCUDA, nil, false, "cpu", nil},
		{"CPU only, strict", noCUDA, nil, true, "", []error{noCUDA}},
		{"neither", noCUDA, noModel, false, "", []error{noCUDA, noModel}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine()
			m.refuse(cuda, test.cuda)
			m.refuse(cpu, test.cpu)
			s, err := open("fake", cuda, Options{Strict: test.strict}.withDefaults(), m.open)
			for _, want := range test.wantErrors {
				if !errors.Is(err, want) {
					t.Errorf("got %v, expected %v", err, want)
				}
			}
			if test.wantErrors != nil {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if s.Device() != test.device {
				t.Errorf("got %s", s.Device())
			}
		})
	}
}

// Ensure that Close ends the attempts to get a device back.
func TestCloseWhileLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		s := m.session(t, Options{})
		m.at(cuda).fail(errors.New("gone"))
		m.refuse(cuda, errors.New("gone"))
		if _, _, err := ask(t.Context(), s, 1); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil { // synctest fails if a goroutine stays
			t.Fatal(err)
		}
		if !m.at(cpu).isClosed() {
			t.Error("the CPU's session was not closed")
		}
	})
}
