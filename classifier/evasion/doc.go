// Package evasion hides attacks from a classifier without changing what they
// do, to measure how well it holds.
//
// A [Candidate] is a payload in a place of a carrier request, with the codings
// that lie between the two. [NewCandidate] makes one, [Candidate.Request] is
// what goes over the wire. A [Mutation] writes a candidate otherwise so that
// the attacked interpreter (database, browser, shell, file system, template
// engine, XML processor, Log4j) still does the same: [Mutations] is the suite
// of them all. Some rewrite the payload in its own language, some its way
// through the request: encodings up to three deep, charsets, parameters that
// repeat, other places. They are written from the specifications of the
// languages, and tests run or decode what can be run or decoded. Two kinds go
// by purpose instead of letter: they reach for another file as telling, or
// call another function as visible.
//
// [Search] applies mutations greedily with the score as its guide. It stands
// for an attacker who sees scores and has 400 tries a payload: far more than a
// real one has, who sees only blocked or not. [Random] applies them blindly.
// [Pad] buries a payload in ordinary [Filler].
//
// Everything is drawn from seeds: the same seed gives the same requests.
package evasion
