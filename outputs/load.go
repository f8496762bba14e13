package outputs

import (
	"net"
	"net/netip"

	"github.com/logboom/logboom/internal/pipeline"
	"github.com/logboom/logboom/outputs/logstash"
)

// load is a batch on its way, with the memory that its events refer to.
type load struct {
	batch Batch
	// bytes are where bodies stand, each with its texts or else a newline behind it, and spans where in it, until seal.
	bytes []byte
	spans []span
	// through is up to where all is done when this is, and all before it.
	through place
	done    bool
}

// span is where the body and the texts of an event end in the load's bytes.
type span struct {
	start, body int
	texts       [MaxTexts]int
}

// reset makes the load ready for other events.
func (l *load) reset() {
	clear(l.batch.Events)
	l.batch = Batch{Events: l.batch.Events[:0]}
	l.bytes, l.spans = l.bytes[:0], l.spans[:0]
	l.through, l.done = place{}, false
}

// full says whether there is as much in the load as may be given at once.
func (l *load) full(options *Options) bool {
	return l.batch.Bytes >= options.BatchBytes || len(l.batch.Events) >= options.BatchEvents
}

// seal makes the events refer to their bytes, which stay where they are from now on.
func (l *load) seal(texts int) {
	if texts == 0 {
		l.batch.Lines = l.bytes
	}
	for i := range l.batch.Events {
		event, at := &l.batch.Events[i], l.spans[i]
		event.Body = l.bytes[at.start:at.body:at.body]
		from := at.body
		for t := range texts {
			event.Texts[t] = l.bytes[from:at.texts[t]:at.texts[t]]
			from = at.texts[t]
		}
	}
}

// encoder fills loads.
type encoder struct {
	options *Options
	found   logstash.Found
	values  logstash.Values
	texts   int
}

func newEncoder(options *Options) *encoder {
	e := &encoder{options: options}
	if options.Texts != nil && !options.AsTheyCame {
		e.texts = options.Texts.Len()
	}
	return e
}

// add adds an event to the load. It returns an error for a document that is none.
func (e *encoder) add(l *load, document []byte, origin *logstash.Origin, id ID) error {
	at := span{start: len(l.bytes)}
	if e.options.AsTheyCame {
		l.bytes = append(l.bytes, document...)
		at.body = len(l.bytes)
		l.bytes = append(l.bytes, '\n')
		l.add(at, Event{Origin: origin, ID: id})
		return nil
	}
	written, err := e.options.Encoder.Append(l.bytes, document, origin, &e.found)
	if err != nil {
		return err
	}
	at.body = len(written)
	if e.texts == 0 {
		written = append(written, '\n')
	} else {
		if err := e.options.Texts.Scan(&e.values, &e.found, written[at.start:], origin); err != nil {
			return err
		}
	}
	// Texts are read from what was written, which stays readable where it is if the buffer is moved on the way.
	for t := range e.texts {
		written = e.options.Texts.Append(written, t, &e.values)
		at.texts[t] = len(written)
	}
	l.bytes = written
	l.add(at, Event{Time: e.found.Time, Origin: origin, ID: id})
	return nil
}

// add adds an event whose bytes are at the end of the load's.
func (l *load) add(at span, event Event) {
	l.spans = append(l.spans, at)
	l.batch.Events = append(l.batch.Events, event)
	l.batch.Bytes += at.body - at.start
}

// originOf returns what the encoder needs to know of where a record came from.
func originOf(record *pipeline.EventRecord) *logstash.Origin {
	origin := &logstash.Origin{Arrival: record.Arrival}
	if host, _, err := net.SplitHostPort(record.Origin.Peer); err == nil {
		if address, err := netip.ParseAddr(host); err == nil {
			origin.RemoteIP = address.Unmap().WithZone("")
		}
	}
	if t := record.Origin.TLS; t != nil {
		origin.TLS = &logstash.TLSPeer{Verified: t.Verified, Version: t.Version, Subject: t.Subject, Cipher: t.Cipher}
	}
	return origin
}
