// Package lumberjack passes events on to another logboom, or to a Logstash with the beats input, as a Filebeat would:
// windows of events over the Lumberjack protocol, version 2, each of which is done when it was acknowledged.
//
// Events go on as they came, @metadata and all, so that the receiver sees what it would see of the Filebeat itself. Give
// this output Options.AsTheyCame.
//
// Events come at least once. What was sent and not acknowledged when a connection was lost, or logboom was killed, is sent
// again; a logboom at the other end recognises that, by what Filebeat says of where an event stands in its file.
//
// A connection keeps to its host while that works, and goes to the next one of the list when it does not. The client is
// internal/shipper's, whose package comment says why it is not go-lumber's. A receiver that is busy says so by heartbeats,
// and is waited for.
package lumberjack
