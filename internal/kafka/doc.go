// Package kafka reads log events from Kafka as a member of a consumer group and hands them to the same kind of handler
// that the Lumberjack server calls.
//
// Its invariants:
//
//   - The journal is the truth. A record counts as handled when the Handler returned nil, which means that what the
//     record caused and its position stand in one durable commit. The group's committed offsets only follow; they are
//     what other tools see as lag, and the fallback where the journal holds nothing.
//   - On each assignment a partition starts at the greater of the group's offset and the journal's position + 1. So a
//     record is neither counted twice because a commit to the group was lost, nor because the member was thrown out
//     of the group while its handler still worked.
//   - Records of one partition are handed over in the order of their offsets, one batch at a time.
//   - What the handler refused is offered again, the same records, until it takes them or the partition moves away.
//   - A blocked handler stops the reading, never the membership: heartbeats go on beside it. When the group wants to
//     rebalance, a batch that is still not taken after a grace is given back and read again later, before the
//     coordinator runs out of patience.
//   - Nothing that a broker does ends Run: an unreachable broker, a refused login and a missing topic are waited out,
//     shown in Stats and said in the log at a limited rate.
//
// The group's protocol is the eager one on purpose: every rebalance gives up all partitions and takes them again
// through the one path that consults the journal.
package kafka
