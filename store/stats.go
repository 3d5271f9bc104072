package store

import "time"

// Stats says how the store is doing.
type Stats struct {
	// Queued rows wait to be written, Written ones are on disk since Open.
	Queued      int    `json:"queued"`
	QueuedBytes int    `json:"queued_bytes"`
	Written     uint64 `json:"written"`
	// Dropped rows did not fit into the queue, or were left when Close gave up.
	Dropped uint64 `json:"dropped"`
	// Errors counts commits and removals that failed, and segments with a damaged
	// index. A failed commit is tried again.
	Errors       uint64 `json:"errors"`
	Commits      uint64 `json:"commits"`
	CommitMicros int64  `json:"commit_us"` // of the last commit

	Segments int   `json:"segments"`
	Broken   int   `json:"broken"` // files that were set aside
	Bytes    int64 `json:"bytes"`  // of all files but those set aside
	// Oldest and Newest are the times at which the first and the last segment
	// begin; nil when there is none.
	Oldest *time.Time `json:"oldest,omitempty"`
	Newest *time.Time `json:"newest,omitempty"`

	// Decisions are the exact numbers of what Count was called with, over the
	// whole life of the data folder.
	Decisions []Counter `json:"decisions"`
}

// Stats returns the state of the store.
func (s *Store) Stats() Stats {
	st := Stats{
		Written:      s.written.Load(),
		Dropped:      s.dropped.Load(),
		Errors:       s.errors.Load(),
		Commits:      s.commits.Load(),
		CommitMicros: s.commitTime.Load() / 1000,
		Broken:       int(s.broken.Load()),
		Bytes:        fileSize(s.permanent.path),
		Decisions:    s.counters.totals(),
	}
	st.Queued, st.QueuedBytes = s.queue.size()
	segments := s.all()
	st.Segments = len(segments)
	for _, g := range segments {
		st.Bytes += g.size.Load()
	}
	if n := len(segments); n > 0 {
		st.Oldest, st.Newest = &segments[0].start, &segments[n-1].start
	}
	return st
}
