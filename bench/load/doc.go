// Package load sends prepared HTTP/1.1 messages to a server on the loopback and
// notes what comes back. The server under test shares the machine's cores with
// it, so it is one thread, one epoll set and no allocation a request: messages
// are sent as the byte slices they are, answers are read by a parser that knows
// status, length and one marker header.
//
// Run drives either a closed loop (each connection sends its next message as
// soon as its last one is answered: throughput, CPU a request) or an open loop
// (messages start at times fixed beforehand: latency). Open-loop latency counts
// from the time a message was meant to start, so a server that stalls is charged
// for every message that had to wait, sent or not.
package load
