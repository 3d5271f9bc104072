// Package evade measures how well a model holds against evasion and padding,
// with the mutations of package classifier/evasion.
//
// [ReadPayloads] takes bare payloads out of labelled requests, [ReadValues]
// ordinary values. [Evasion] searches for requests that evade, [Drift] for
// ordinary ones that become false alarms, [Padding] buries payloads in filler.
// Each returns a report that knows its Markdown and its JSON form.
package evade
