// Package sinktest tests sinks: a suite that every sink has to pass under the delivery loop, an outbox and a cursor
// store in memory, and servers that speak the real protocols of Elasticsearch and Slack on a loopback port.
//
// It is for tests only. Nothing here knows a sink's code, so that what a server here accepts is what the protocol says
// and not what a sink happens to send.
package sinktest
