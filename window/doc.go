// Package window holds sliding windows over event time and the state machine of an alert.
//
// A window of length D keeps every event seen so far whose time is at least M - D, where M is the greatest event time
// seen so far; an event exactly D older than M counts. It is moved on by each event, from its previous value, never
// computed afresh. An Alert is active while the number of events is at least a threshold; it is the only writer of a
// state.
//
// The package is pure: it does no I/O, starts no goroutine, and never asks a clock, since time is an argument. All
// times are integer nanoseconds since 1970 in UTC. Nothing in it is safe for concurrent use: the one writer of the
// engine above it owns every window and every alert.
package window
