package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"
)

// Replays are kept beside the database files, one JSON file each: a run from a
// folder that is open read-only can be resumed too, and its progress never waits for
// the writer of verdicts.
const (
	replaysName = "replays"
	keptReplays = 100
)

// SaveReplay writes p's state, replacing the one before. The oldest replays go when
// there are more than a hundred.
func (s *Store) SaveReplay(p *Replay) error {
	dir := filepath.Join(s.o.Dir, replaysName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(ErrFolder, "keeping replay %s: %w", p.ID, err)
	}
	encoded, err := json.Marshal(p)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, p.ID.String()+".json")
	isNew := fileSize(to) == 0
	// A crash must not leave half a file in the place of the whole one before.
	if err = os.WriteFile(to+".part", encoded, 0o600); err == nil {
		err = os.Rename(to+".part", to)
	}
	if err != nil {
		return fail(ErrFolder, "keeping replay %s: %w", p.ID, err)
	}
	if isNew {
		s.pruneReplays()
	}
	return nil
}

func (s *Store) pruneReplays() {
	ids, _ := s.replayIDs()
	for _, id := range ids[min(keptReplays, len(ids)):] {
		_ = os.Remove(s.replayPath(id))
	}
}

func (s *Store) replayPath(id ulid.ULID) string {
	return filepath.Join(s.o.Dir, filepath.FromSlash(replayName(id)))
}

// replayName returns the slash-separated name in the data folder of a replay's file.
func replayName(id ulid.ULID) string { return path.Join(replaysName, id.String()+".json") }

// parseReplayName returns the ID of the replay that a file of that folder holds.
func parseReplayName(base string) (ulid.ULID, bool) {
	name, ok := strings.CutSuffix(base, ".json")
	id, err := ulid.ParseStrict(name)
	return id, ok && err == nil && id.String() == name
}

// replayIDs returns the IDs of the replays that are kept, the newest first.
func (s *Store) replayIDs() (ids []ulid.ULID, err error) {
	entries, err := os.ReadDir(filepath.Join(s.o.Dir, replaysName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fail(ErrFolder, "reading replays: %w", err)
	}
	for _, e := range entries {
		if id, ok := parseReplayName(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ulid.ULID) int { return b.Compare(a) })
	return ids, nil
}

// LoadReplay returns a replay that was saved.
func (s *Store) LoadReplay(id ulid.ULID) (*Replay, error) {
	raw, err := os.ReadFile(s.replayPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(ErrNotFound, "replay %s is not in %s", id, filepath.Join(s.o.Dir, replaysName))
	}
	if err != nil {
		return nil, fail(ErrFolder, "reading replay %s: %w", id, err)
	}
	p := new(Replay)
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fail(ErrCorrupt, "replay %s cannot be read: %w", id, err)
	}
	return p, nil
}

// Replays returns the replays that are kept, the newest first. One that cannot be
// read is left out.
func (s *Store) Replays() ([]*Replay, error) {
	ids, err := s.replayIDs()
	if err != nil {
		return nil, err
	}
	out := []*Replay{}
	for _, id := range ids {
		p, err := s.LoadReplay(id)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrCorrupt) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing replays: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}
