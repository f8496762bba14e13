// Package events makes log events for measuring: what Filebeat's filestream input, add_host_metadata, add_cloud_metadata and
// a dissect of nginx's combined format make of access-log lines, about 1.2 kB each.
//
// What makes reading them cost what real ones cost is kept: the order of keys is another one in each event and at every
// level, as it is in Filebeat (only @timestamp and @metadata come first); with one order for all, inflating takes half the
// time. Host, agent and cloud are the same in all events of a host; address, request, status, sizes, referrer and browser
// vary, log.offset grows, and @timestamp advances.
//
// The same seed and options give the same events. Nothing here looks at a clock.
package events
