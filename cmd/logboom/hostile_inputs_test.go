package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// hostileInput is bytes that a server may fall to.
type hostileInput struct {
	name  string
	bytes func() []byte
	// acknowledged is the sequence number with which the window is answered; 0 where the connection has to be closed
	// without an answer.
	acknowledged uint32
	// connections is how many send it at the same time; 0 is one.
	connections int
	// heavy inputs take minutes under the race detector, and are left out there.
	heavy bool
}

// hostileInputs are those that another server was measured to fall to or to refuse, and their like.
var hostileInputs = []hostileInput{
	{name: "1 kB of nested compressed frames", bytes: nestedFrames},
	{name: "522 kB of zlib that become 512 MiB in one event", bytes: func() []byte { return zlibBomb(1) }, heavy: true},
	{name: "522 kB of zlib that become 512 MiB in 512 events", bytes: func() []byte { return zlibBomb(512) }, heavy: true},
	{name: "event that claims 4 GiB", bytes: func() []byte { return frames(window(1), header('J', 1, 1<<32-1)) }},
	{name: "compressed frame that claims 4 GiB", bytes: func() []byte { return frames(window(1), header('C', 1<<32-1)) }},
	{name: "window of four billion", bytes: func() []byte { return window(1<<32 - 1) }},
	{name: "window of 10,001", bytes: func() []byte { return smallEvents(10_001) }, acknowledged: 10_001},
	{name: "window of 100,001", bytes: func() []byte { return smallEvents(100_001) }},
	{name: "window over two compressed frames", bytes: twoCompressedFrames, acknowledged: 2},
	{name: "one bad document among good ones", bytes: badDocument, acknowledged: 3},
	{name: "event of 64 MiB", bytes: largeEvent, acknowledged: 2, heavy: true},
	{name: "event of 15 MiB of nested arrays", bytes: nestedArrays, acknowledged: 1},
	{name: "event with 4 MiB of keys", bytes: manyKeys, acknowledged: 1},
	{name: "20,000 groups", bytes: manyGroups, acknowledged: 20_000},
	{name: "20,000 times far apart", bytes: manyTimes, acknowledged: 20_000},
	{name: "HTTP", bytes: func() []byte { return []byte("GET / HTTP/1.1\r\nHost: logboom\r\n\r\n") }},
	{name: "TLS", bytes: func() []byte { return append([]byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, make([]byte, 512)...) }},
	{name: "1 MiB of noise", bytes: noise},
	{
		name:  "512 MiB in 512 events, on 16 connections at once",
		bytes: func() []byte { return zlibBomb(512) }, connections: 16, heavy: true,
	},
	{
		name:  "99 MiB of good events, on 8 connections at once",
		bytes: largeWindow, acknowledged: 100, connections: 8, heavy: true,
	},
}

// header returns a frame of version 2 up to its payload.
func header(code byte, numbers ...uint32) []byte {
	frame := []byte{'2', code}
	for _, number := range numbers {
		frame = binary.BigEndian.AppendUint32(frame, number)
	}
	return frame
}

func window(events uint32) []byte { return header('W', events) }

func event(sequence uint32, document string) []byte {
	return append(header('J', sequence, uint32(len(document))), document...) //nolint:gosec // fits
}

func compressed(content []byte) []byte {
	var deflated bytes.Buffer
	writer := zlib.NewWriter(&deflated)
	_, _ = writer.Write(content) // a buffer takes everything
	_ = writer.Close()
	return append(header('C', uint32(deflated.Len())), deflated.Bytes()...) //nolint:gosec // fits
}

func frames(parts ...[]byte) []byte { return slices.Concat(parts...) }

// nestedFrames is a compressed frame within compressed frames, the innermost of them large.
func nestedFrames() []byte {
	frame := compressed(make([]byte, 64<<20))
	for len(frame) > 1000 {
		frame = compressed(frame)
	}
	return append(window(1), frame...)
}

// zlibBomb is 512 MiB of zeros in so many events.
func zlibBomb(events uint32) []byte {
	size := uint32(512<<20) / events
	zeros := make([]byte, size)
	var deflated bytes.Buffer
	writer, _ := zlib.NewWriterLevel(&deflated, zlib.BestCompression)
	for i := range events {
		_, _ = writer.Write(header('J', i+1, size))
		_, _ = writer.Write(zeros)
	}
	_ = writer.Close()
	return frames(window(events), header('C', uint32(deflated.Len())), deflated.Bytes()) //nolint:gosec // fits
}

// largeWindow is 99 MiB in 100 events that compress poorly enough to be taken.
func largeWindow() []byte {
	content := make([]byte, 0, 100<<20)
	document := `{"message":"` + strings.Repeat(incompressible(2000), 520_000/1000) + `"}`
	for i := range uint32(100) {
		content = append(content, event(i+1, document)...)
	}
	return append(window(100), compressed(content)...)
}

// incompressible returns so many characters that do not repeat soon.
func incompressible(size int) string {
	text := make([]byte, 0, size+20)
	for i := uint64(size); len(text) < size; i++ {
		text = fmt.Appendf(text, "%d", i*i*i)
	}
	return string(text[:size])
}

func smallEvents(count uint32) []byte {
	var content []byte
	for i := range count {
		content = append(content, event(i+1, fmt.Sprintf(`{"@timestamp":"2020-01-01T00:00:00.000Z","message":"%d"}`, i))...)
	}
	return append(window(count), compressed(content)...)
}

func twoCompressedFrames() []byte {
	return frames(window(2), compressed(event(1, `{"message":"1"}`)), compressed(event(2, `{"message":"2"}`)))
}

func badDocument() []byte {
	return frames(window(3), event(1, `{"message":"1"}`), event(2, `{"message":`), event(3, `{"message":"3"}`))
}

func largeEvent() []byte {
	return frames(window(2), event(1, `{"message":"`+strings.Repeat("x", 64<<20)+`"}`), event(2, `{"message":"2"}`))
}

func nestedArrays() []byte {
	const depth = 7 << 20
	return frames(window(1), event(1, `{"message":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`))
}

func manyKeys() []byte {
	var document strings.Builder
	document.WriteString(`{"message":"1"`)
	for i := 0; document.Len() < 4<<20; i++ {
		fmt.Fprintf(&document, `,"host":{"name":"%d"},"%d":%d`, i, i, i)
	}
	document.WriteByte('}')
	return frames(window(1), event(1, document.String()))
}

func manyGroups() []byte {
	var content []byte
	for i := range uint32(20_000) {
		content = append(content, event(i+1, fmt.Sprintf(
			`{"@timestamp":"2020-01-01T00:00:00.000Z","host":{"name":"%d-%s"},"message":"%d"}`, i, strings.Repeat("h", 1000), i))...)
	}
	return append(window(20_000), compressed(content)...)
}

func manyTimes() []byte {
	var content []byte
	for i := range uint32(20_000) {
		content = append(content, event(i+1, fmt.Sprintf(
			`{"@timestamp":"%04d-01-01T00:00:00.%09dZ","message":"%d"}`, 1700+i%500, i, i))...)
	}
	return append(window(20_000), compressed(content)...)
}

func noise() []byte {
	return []byte(strings.Repeat(incompressible(1024), 1024))
}
