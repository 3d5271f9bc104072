// Package webpage makes one web page of what an evaluation found: figures with
// their intervals, curves, tables, and the worst mistakes with the characters
// that made their scores.
//
// The page is a single file without scripts, fonts, images or links, so that it can be
// kept beside a model, mailed and printed. Everything in it that comes from a
// request was written by an attacker: html/template escapes it, what cannot be
// seen is spelled out, long values are cut and say by how much, and a content security
// policy forbids whatever else a browser might do.
//
// [Write] takes a [Page]; the rest is how it draws.
package webpage
