// Package gpu chooses the engine that a model runs on.
//
// [Open] takes what a user writes as device:
//
//	auto      CUDA if it works, else the faster of the two engines on the CPU, by
//	          a short measurement at start-up
//	native    the pure-Go engine (package native), which is always there
//	cpu       ONNX Runtime on the CPU (package ort); an error without the library
//	cuda[:N]  ONNX Runtime on CUDA device N (0)
//
// A device that was asked for and does not work is replaced by what auto finds
// on the CPU, with one warning in the log: a firewall that does not start protects
// nothing. [Options.Strict] makes it an error instead.
//
// [Probe] looks at everything that decides the choice, for caddy limen doctor.
package gpu
