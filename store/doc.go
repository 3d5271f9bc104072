// Package store keeps every decision of the firewall, and where it came from, in
// bbolt files. It knows neither Caddy nor models nor classifiers.
//
// Begin with [Open]. [Store.Record] takes a [Verdict] and returns at once; a single
// writer commits what is queued every 50 ms. [Store.RecordSync] waits for the disk.
// [Store.Count] counts a decision exactly, whether or not its row is kept.
// [Store.Verdicts] lists rows page by page, [Store.Verdict] finds one, and
// [Store.Why] follows one back to its model, policy and training data.
//
// # Files
//
//	DIR/limen.db                        small, permanent: models, policies, counters;
//	                                    held for labels, exceptions, events, runs
//	DIR/verdicts/20260301T1000Z.db      one segment of time, from its name's on
//	DIR/verdicts/20260301T101733Z.db    begun early: the one before was full
//	DIR/verdicts/….db.broken            damaged, set aside
//
// A bbolt file never shrinks, so old verdicts go by whole files. A segment's bucket
// "rows" has the verdicts under their ULIDs (16 bytes, in order of time), "zones" has
// the index, "counters" the decisions counted in its time. A row lies in the segment
// of its ID's time, however late it is written: the last one that begins at or before
// it. limen.db is locked by whoever has the store open; the segments follow.
//
// # Rows and index
//
// row.go describes the encoding of a row: tagged fields, unknown ones skipped, with
// a version and a check sum of its own. zone.go describes the index. B-tree indexes
// over host, client and class would cost many times what the rows cost, and most when
// the site is under attack. A zone sums up a thousand rows in about three bytes
// each, and a query reads only the zones that may have a match.
//
// # Writing
//
// Record redacts and encodes in the caller's goroutine, into memory that is bounded in
// rows and bytes. When it is full, the row at hand is dropped and counted, ordinary
// ones somewhat earlier than flagged ones. A commit that fails is tried again while
// rows gather; [Stats] counts it and the log names it once in ten seconds.
//
// # Privacy
//
// Nothing is written that [Redact] would hide: Record passes the target and the
// request in [Verdict.Source] through it. RequestDigest is the caller's: it is over
// the request as it came.
//
// # Faults
//
// A file that cannot be read is never in the way of the others: a listing names it in
// [Page.Skipped], a server sets it aside. bbolt panics on damaged pages, and the
// processor faults behind the end of a file that was cut; both become [ErrCorrupt]
// (guard.go).
package store
