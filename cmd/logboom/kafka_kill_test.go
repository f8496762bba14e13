package main

import "testing"

// TestKillKafka is TestKill with Kafka in the place of the shippers. The position of each partition stands in the commit
// of what it caused, so here every event counts just once, and the alerts are those of the model to the last count.
func TestKillKafka(t *testing.T) {
	broker := newKafkaBroker(t)
	k := newKilling(t, broker.inputs())
	k.points = []string{bulkArrived, bulkDone}
	k.startLines = append(k.startLines, "consuming from Kafka", "partitions assigned")
	for _, host := range killHosts {
		k.senders = append(k.senders, startSender(t, host, broker.link(host)))
	}
	k.rounds(killRoundsKafka, 5)
	k.finish()
	k.compare(countedOnce)
}
