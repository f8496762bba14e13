// Package app is the wiring and the lifecycle: it turns a configuration into rooms that run, and each command of the
// binary into one call. It is the only room that sees all others.
//
// New binds the ports, Start recovers the journal and spawns, Stop ends everything in the opposite order within the
// time that its context gives. A command returns an error for people and an exit code for scripts; it never exits.
package app
