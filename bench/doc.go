// Package bench measures Limen from the outside. It is a Go module of its own,
// so that nothing it needs reaches the plugin's dependencies: Coraza with the OWASP
// Core Rule Set, to compare with, and gonum's plots.
//
// The tour: package corpus reads JSON Lines requests and lays them out as bytes
// for the wire; package site runs the servers under test, each in a process of
// its own (an upstream, a bare Caddy, Caddy with Limen, …); package load drives
// them from one thread, closed loop or open loop; package proc reads what a
// process used from the kernel; package report turns numbers into Markdown,
// package chart into plots. Package coraza is a Caddy handler around Coraza, and
// command caddy-coraza a Caddy with it.
// Package storebench fills data folders and times queries over them. Package
// imagebench makes photos and bare loops for image models.
// Command limenbench puts them together:
//
//	cd bench
//	go run ./cmd/limenbench proxy FILE…          CPU, throughput, latency, memory
//	go run ./cmd/limenbench proxy --table FILE…  what the live server blocks
//	go run ./cmd/limenbench compare FILE…        accuracy and cost beside Coraza
//	go run ./cmd/limenbench body                 cost of inspecting large bodies
//	go run ./cmd/limenbench store                time of every query over a filled store
//	go run ./cmd/limenbench image                image models beside a bare loop and a Node server
package bench
