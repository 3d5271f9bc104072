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
//	DIR/limen.db                        small, permanent: models and how they were made,
//	                                    policies, counters, events, calls, labelled rows
//	DIR/limen.key                       for request digests and hashed addresses
//	DIR/verdicts/20260301T1000Z.db      one segment of time, from its name's on
//	DIR/verdicts/20260301T101733Z.db    begun early: the one before was full
//	DIR/verdicts/….db.broken            damaged, set aside
//
// A bbolt file never shrinks, so old verdicts go by whole files. A segment's bucket
// "rows" has the verdicts under their ULIDs (16 bytes, in order of time), "zones" and
// "columns" the index, "acts" rows of calls, "counters" the decisions counted in its time, "chain" and "forgotten" are
// the hash chain (chain.go). A row lies in
// the segment of its ID's time, however late it is written: the last one that begins
// at or before it. limen.db is locked by whoever has the store open; the segments
// follow.
//
// # Rows and index
//
// row.go describes the encoding of a row: tagged fields, unknown ones skipped, with
// a version and a check sum of its own. zone.go describes the index. B-tree indexes
// over host, client and class would cost many times what the rows cost, and most when
// the site is under attack. A zone sums up a thousand rows in about three bytes
// each, and its columns (columns.go) say row by row what queries ask for, so that a
// query reads only the zones that may have a match, and of them the rows that do.
// Each zone and each part of its columns has a check sum (columns_check.go), which is
// compared before rows are passed over. A listing reads alone at first and takes other
// processors' help when it gets long (page_segments.go); a server reads its index once
// after it opened (warm.go).
//
// # Calls of image models
//
// Calls of image and inference models are traffic, so their rows ([Act]) lie where the
// verdicts lie: [Store.RecordAct] queues one, the writer commits it with the verdicts
// into the bucket "acts" of its segment, and into the same hash chain. [Store.Act],
// [Store.Acts] and [Store.WhyAct] read them; [Store.InvokeAct] makes a call with an
// Idempotency-Key once. Their procedures ([NewActProcedure]) stand in the registry with
// the others. A row may hold a thumbnail of the picture.
//
// # Procedures and events
//
// Every change of state that somebody asks for is a call of a [Procedure]: named,
// versioned, and committed with its row ([Call]) in one transaction of limen.db
// ([Store.Invoke]). A call with an Idempotency-Key is done once in [KeyLife]. What a
// call changes are events ([Event]), which are never changed themselves: labels,
// exceptions, promotions, settings that came into force. [Store.At] is the state as
// of a time. A labelled verdict's row is copied to limen.db with its label, so it
// outlives its segment (label_kept.go).
//
// # Writing
//
// Record encodes in the caller's goroutine, into memory that is bounded in rows and
// bytes; the writer redacts, and makes the digest and the check sum. When it is full, the row at hand is dropped and counted, ordinary
// ones somewhat earlier than flagged ones. A commit that fails is tried again while
// rows gather; [Stats] counts it and the log names it once in ten seconds.
//
// # Privacy
//
// Nothing is written that [Redact] would hide: Record passes the target and the
// request in [Verdict.Source] through it. RequestDigest is keyed: it tells whether
// requests were equal, and nothing to who has no key. [Options.HashClientIPs] does the
// same for addresses. [Store.Forget] removes a person's rows.
//
// # Tamper evidence
//
// [Store.Verify] checks all rows against the hash chain, and says what that is worth.
//
// # Faults
//
// A file that cannot be read is never in the way of the others: a listing names it in
// [Page.Skipped], a server sets it aside. bbolt panics on damaged pages, and the
// processor faults behind the end of a file that was cut; both become [ErrCorrupt]
// (guard.go).
package store
