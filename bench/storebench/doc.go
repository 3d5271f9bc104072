// Package storebench fills a data folder of the store with rows like those of a busy
// site, and times queries over them. [Fill] goes through the store's own writer, so
// that files, segments and index are the real ones; [Measure] asks for the first page
// of every kind of query, for values that are common, rare (one row of all) and
// absent, alone and combined, newest first and oldest first.
package storebench
