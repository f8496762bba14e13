// Package load drives a Lumberjack server, any that speaks version 2, and measures how it fares: events a second, and how long
// each window waits for its acknowledgement.
//
// Windows are made and compressed once, as Filebeat would (2048 events, compressed by the same library at level 3), and sent
// again and again, so that sending costs next to nothing. That would give a server the same events over and over: one that looks
// at timestamps would find nearly all of them late, one that recognises resends would drop them, and either would have less to do
// than with real ones. So each window is stamped when it is sent, without being compressed again, with the time, with a place in
// the log (the first digits of log.offset) and with who sends it (the first digits of agent.id). In the deflate stream, the first
// event is stored as it is, and all later ones refer to it for these, so that changing them there changes them in all; and so
// does the checksum, whose change follows from the positions. Each window is tried out for that when it is made, by the standard
// library, and where it does not hold, another one is made of other events.
//
// There is no retrying: a connection that is lost ends the run with an error, for what came before would not be comparable.
package load
