// Package bare is the least that any Lumberjack server must do: read the socket, inflate, walk the frames, acknowledge. It is
// the yardstick for servers that do more. What it leaves out, on purpose: looking at an event, limits, timeouts, heartbeats,
// TLS, version 1, and anybody to give the events to. It is as fast as that can be made with a given inflate: a whole frame is
// read and inflated at once into buffers that are used again. Believing the lengths that the network claims, it is for trusted
// clients on one machine only.
package bare
