package web

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// namespace begins the name of every metric.
const namespace = "logboom_"

// metric is one field of a snapshot of type T, as Prometheus gets it.
type metric[T any] struct {
	*prometheus.Desc
	kind  prometheus.ValueType
	value func(T) float64
}

// counter is a metric that only grows while the process lives.
func counter[T any](name, help string, value func(T) uint64, labels ...string) metric[T] {
	return metric[T]{
		describe(name, help, labels...), prometheus.CounterValue, func(of T) float64 { return float64(value(of)) },
	}
}

// gauge is a metric that goes up and down.
func gauge[T any](name, help string, value func(T) float64, labels ...string) metric[T] {
	return metric[T]{describe(name, help, labels...), prometheus.GaugeValue, value}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+name, help, labels, nil)
}

// metrics are all metrics of one snapshot.
type metrics[T any] []metric[T]

func (m metrics[T]) describe(out chan<- *prometheus.Desc) {
	for i := range m {
		out <- m[i].Desc
	}
}

// collect sends the metrics of a snapshot, unless there is none.
func (m metrics[T]) collect(out chan<- prometheus.Metric, of answer[T], labels ...string) {
	if !of.known() {
		return
	}
	for i := range m {
		send(out, m[i].Desc, m[i].kind, m[i].value(of.value), labels...)
	}
}

// send sends one value. A label that is no UTF-8, which Prometheus refuses, is made so.
func send(
	out chan<- prometheus.Metric, desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string,
) {
	valid := make([]string, len(labels))
	for i, label := range labels {
		valid[i] = strings.ToValidUTF8(label, "\uFFFD")
	}
	metric, err := prometheus.NewConstMetric(desc, kind, value, valid...)
	if err != nil {
		metric = prometheus.NewInvalidMetric(desc, err)
	}
	out <- metric
}

// sendState sends one value for each of the states: 1 for the one that is, 0 for the others.
func sendState[S ~string](out chan<- prometheus.Metric, desc *prometheus.Desc, states []S, is S, labels ...string) {
	for _, state := range states {
		send(out, desc, prometheus.GaugeValue, truth(state == is), append(append([]string{}, labels...), string(state))...)
	}
}

func truth(value bool) float64 {
	if value {
		return 1
	}
	return 0
}

// sendTime sends a time in seconds since 1970, unless there is none.
func sendTime(out chan<- prometheus.Metric, desc *prometheus.Desc, at time.Time, labels ...string) {
	if !at.IsZero() {
		send(out, desc, prometheus.GaugeValue, float64(at.UnixNano())/float64(time.Second), labels...)
	}
}
