// Package report turns measurements into numbers to publish: medians with their
// spread, rates with their confidence interval, slopes, Markdown tables.
package report
