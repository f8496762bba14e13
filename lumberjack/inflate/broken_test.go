package inflate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// standard inflates by compress/zlib, and returns what comes out before an error.
func standard(stream []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, fuzzLimit+1))
}

// inflated inflates by one Decoder at once, with room for size bytes.
func inflated(stream []byte, size int) ([]byte, error) {
	var d Decoder
	if err := d.Reset(stream); err != nil {
		return nil, err
	}
	dst := make([]byte, size)
	to, err := d.Decode(dst, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	} else if err == nil {
		err = errors.New("no end")
	}
	return dst[:to], err
}

// codesOf are code lengths that make: literal a 0, end 10, length 3 11.
var codesOf = map[int]uint8{'a': 1, 256: 2, 257: 2}

func TestUnusualStreams(t *testing.T) {
	tests := map[string]struct {
		stream []byte
		plain  string
	}{
		"bytes behind": {append(newWriter().block(true, blockFixed).fixed('x').fixed(256).close("x"), "behind"...), "x"},
		"small window": {append([]byte{0x08, 0x1d}, newWriter().block(true, blockFixed).fixed(256).close("")[2:]...), ""},
		"one distance": {newWriter().dynamic(lengths(258, codesOf), []uint8{1}).
			code(0, 1).code(3, 2).code(0, 1).code(2, 2).close("aaaa"), "aaaa"},
		"no distance": {newWriter().dynamic(lengths(258, codesOf), []uint8{0}).
			code(0, 1).code(2, 2).close("a"), "a"},
		"only the end": {newWriter().dynamic(lengths(257, map[int]uint8{256: 1}), []uint8{0}).code(0, 1).close(""), ""},
		"empty blocks": {newWriter().block(false, blockFixed).fixed(256).block(false, blockStored).align().
			number(0xffff0000, 32).block(true, blockFixed).fixed('y').fixed(256).close("y"), "y"},
		"length 258 by 284": {newWriter().block(true, blockFixed).fixed('z').fixed(284).number(31, 5).code(0, 5).
			fixed(256).close(strings.Repeat("z", 259)), strings.Repeat("z", 259)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plain, err := inflated(test.stream, len(test.plain))
			if err != nil || string(plain) != test.plain {
				t.Errorf("%q, %v instead of %q", plain, err, test.plain)
			}
			if plain, err := standard(test.stream); err != nil || string(plain) != test.plain {
				t.Errorf("compress/zlib: %q, %v", plain, err)
			}
		})
	}
}

func TestBrokenStreams(t *testing.T) {
	all := func(count int, length uint8) []uint8 { return bytes.Repeat([]uint8{length}, count) }
	tests := map[string]struct {
		stream []byte
		plain  string // what comes before the error
		err    error
	}{
		"nothing":           {nil, "", ErrTruncated},
		"half a header":     {[]byte{0x78}, "", ErrTruncated},
		"only a header":     {[]byte{0x78, 0x9c}, "", ErrTruncated},
		"other method":      {[]byte{0x79, 0x9b, 0x03, 0, 0, 0, 0, 1}, "", ErrHeader},
		"large window":      {[]byte{0x88, 0x1c, 0x03, 0, 0, 0, 0, 1}, "", ErrHeader},
		"header check":      {[]byte{0x78, 0x9d, 0x03, 0, 0, 0, 0, 1}, "", ErrHeader},
		"gzip":              {[]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0}, "", ErrHeader},
		"dictionary":        {[]byte{0x78, 0xbb, 1, 2, 3, 4, 0x03, 0, 0, 0, 0, 1}, "", ErrDictionary},
		"reserved block":    {newWriter().block(true, 3).close(""), "", errBlockType},
		"stored complement": {newWriter().block(true, blockStored).align().number(0xfffe0002, 32).close(""), "", errStoredLength},
		"stored too short": {
			append(newWriter().block(true, blockStored).align().number(0xfffa0005, 32).stream, "abc"...), "abc", ErrTruncated,
		},
		"287 literals":           {newWriter().block(true, blockDynamic).counts(287, 1, 19).close(""), "", errTooManyCodes},
		"31 distances":           {newWriter().block(true, blockDynamic).counts(286, 31, 19).close(""), "", errTooManyCodes},
		"code lengths over":      {newWriter().codeLengthCode(1, 1, 1).close(""), "", errCodeLengthCode},
		"code lengths under":     {newWriter().codeLengthCode(1, 2).close(""), "", errCodeLengthCode},
		"code lengths one of 2":  {newWriter().codeLengthCode(2).close(""), "", errCodeLengthCode},
		"no code lengths":        {newWriter().codeLengthCode().close(""), "", errSymbol},
		"code lengths other bit": {newWriter().codeLengthCode(0, 0, 0, 1).code(1, 1).close(""), "", errSymbol},
		"repeat nothing":         {newWriter().codeLengthCode(1, 0, 0, 1).code(1, 1).close(""), "", errCodeLengths},
		"repeat too much": {
			newWriter().codeLengthCode(0, 0, 1, 1).code(1, 1).number(127, 7).code(1, 1).number(127, 7).close(""), "", errCodeLengths,
		},
		"literals over":    {newWriter().dynamic(all(257, 8), []uint8{1}).close(""), "", errLiteralCode},
		"literals under":   {newWriter().dynamic(all(257, 9), []uint8{1}).close(""), "", errLiteralCode},
		"one literal of 2": {newWriter().dynamic(lengths(257, map[int]uint8{256: 2}), []uint8{1}).close(""), "", errLiteralCode},
		"distances over":   {newWriter().dynamic(lengths(258, codesOf), all(3, 1)).close(""), "", errDistanceCode},
		"distances under":  {newWriter().dynamic(lengths(258, codesOf), all(3, 2)).close(""), "", errDistanceCode},
		"one distance of 2": {
			newWriter().dynamic(lengths(258, codesOf), []uint8{2}).close(""), "", errDistanceCode,
		},
		"no literals": {newWriter().dynamic(all(257, 0), []uint8{1}).close(""), "", errSymbol},
		"other bit of one literal": {
			newWriter().dynamic(lengths(257, map[int]uint8{256: 1}), []uint8{1}).code(1, 1).close(""), "", errSymbol,
		},
		"other bit of one distance": {
			newWriter().dynamic(lengths(258, codesOf), []uint8{1}).code(0, 1).code(3, 2).code(1, 1).close(""), "a", errSymbol,
		},
		"distance without code": {
			newWriter().dynamic(lengths(258, codesOf), []uint8{0}).code(0, 1).code(3, 2).close(""), "a", errSymbol,
		},
		"no end of block": {
			newWriter().dynamic(lengths(257, map[int]uint8{'a': 1, 'b': 1}), []uint8{0}).code(0, 1).align().stream, "aaaa", ErrTruncated,
		},
		"symbol 286":     {newWriter().block(true, blockFixed).fixed('a').fixed(286).close(""), "a", errSymbol},
		"symbol 287":     {newWriter().block(true, blockFixed).fixed('a').fixed(287).close(""), "a", errSymbol},
		"distance 30":    {newWriter().block(true, blockFixed).fixed('a').fixed(257).code(30, 5).close(""), "a", errSymbol},
		"distance 31":    {newWriter().block(true, blockFixed).fixed('a').fixed(257).code(31, 5).close(""), "a", errSymbol},
		"too far by one": {newWriter().block(true, blockFixed).fixed('a').fixed(257).code(1, 5).close(""), "a", errDistance},
		"too far by all": {newWriter().block(true, blockFixed).fixed(257).code(0, 5).close(""), "", errDistance},
		"checksum":       {newWriter().block(true, blockFixed).fixed('a').fixed(256).close("b"), "a", ErrChecksum},
		"no checksum":    {newWriter().block(true, blockFixed).fixed('a').fixed(256).align().stream, "a", ErrTruncated},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plain, err := inflated(test.stream, 1000)
			if !errors.Is(err, test.err) || !strings.HasPrefix(string(plain), test.plain) {
				t.Errorf("%q, %v instead of %q, %v", plain, err, test.plain, test.err)
			}
			if !strings.Contains(err.Error(), " at offset ") {
				t.Errorf("%v does not say where", err)
			}
			if _, err := standard(test.stream); err == nil {
				t.Error("compress/zlib takes it")
			}
		})
		if slices.Contains([]error{ErrHeader, ErrDictionary, ErrTruncated, errDistance}, test.err) {
			continue
		}
		t.Run("in the fast loop: "+name, func(t *testing.T) {
			stream := amidst(test.stream)
			if plain, err := inflated(stream, 10_000); !errors.Is(err, test.err) || string(plain) != text+test.plain {
				t.Errorf("%q, %v", plain, err)
			}
			if _, err := standard(stream); err == nil {
				t.Error("compress/zlib takes it")
			}
		})
	}
}

// codeLengthCode begins a dynamic block, up to the code for code lengths, which has those lengths in the order of the
// format: 16, 17, 18, 0, 8...
func (w *writer) codeLengthCode(lengths ...uint64) *writer {
	w.block(true, blockDynamic).counts(257, 1, codeLengthSymbols)
	for i := range codeLengthSymbols {
		if i < len(lengths) {
			w.number(lengths[i], 3)
		} else {
			w.number(0, 3)
		}
	}
	return w
}

const text = "This comes before what is broken."

// amidst returns the stream with a stored block of text before its blocks and zeros behind them.
func amidst(stream []byte) []byte {
	w := newWriter().block(false, blockStored).align().number(uint64(len(text))|uint64(^uint16(len(text)))<<16, 32)
	return append(append(append(w.stream, text...), stream[2:]...), make([]byte, 100)...)
}

// TestTruncated cuts streams of all kinds of blocks at each byte.
func TestTruncated(t *testing.T) {
	plain := events(5, 9)
	for _, level := range []int{zlib.NoCompression, zlib.HuffmanOnly, 6} {
		stream := deflated(t, plain, level)
		for size := range stream {
			got, err := inflated(stream[:size:size], len(plain))
			if !errors.Is(err, ErrTruncated) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("level %d, %d of %d bytes: %v", level, size, len(stream), err)
			}
			before, _ := standard(stream[:size])
			if !bytes.HasPrefix(plain, got) || len(got) < len(before) {
				t.Fatalf("level %d, %d of %d bytes: %d bytes instead of %d", level, size, len(stream), len(got), len(before))
			}
		}
	}
}

// TestFarDistance refers to the very first of 32768 bytes, and beyond, in the fast loop and at its end.
func TestFarDistance(t *testing.T) {
	for _, room := range []int{0, 1000} {
		for have, ok := range map[int]bool{MaxDistance: true, MaxDistance - 1: false} {
			w := newWriter().block(true, blockFixed)
			plain := bytes.Repeat([]byte{'b'}, have)
			plain[0] = 'a'
			for _, literal := range plain {
				w.fixed(uint16(literal))
			}
			w.fixed(257).code(29, 5).number(1<<13-1, 13).fixed(256)
			plain = append(plain, "abb"...)
			got, err := inflated(append(w.close(string(plain)), make([]byte, room)...), len(plain)+room)
			if ok && (err != nil || !bytes.Equal(got, plain)) || !ok && !errors.Is(err, errDistance) {
				t.Errorf("distance %d of %d: %v", MaxDistance, have, err)
			}
		}
	}
}

// TestForeignBytes refers to what stands in dst before the stream's own output, in the fast loop and at its end.
func TestForeignBytes(t *testing.T) {
	for _, room := range []int{0, 1000} {
		w := newWriter().block(true, blockFixed).fixed('a').fixed('b').fixed(257).code(2, 5).fixed(256)
		var d Decoder
		if err := d.Reset(append(w.close("abba"), make([]byte, room)...)); err != nil {
			t.Fatal(err)
		}
		secret := []byte("secret")
		dst := append(secret, make([]byte, 5+room)...)
		to, err := d.Decode(dst, len(secret))
		if !errors.Is(err, errDistance) || string(dst[:to]) != "secretab" {
			t.Errorf("%q, %v", dst[:to], err)
		}
	}
}

func TestErrorsStay(t *testing.T) {
	var d Decoder
	dst := make([]byte, 10)
	if _, err := d.Decode(dst, 0); !errors.Is(err, errNotReset) {
		t.Error(err)
	}
	for _, stream := range [][]byte{{0x78, 0x9c, 7}, {1, 2, 3}} {
		first := d.Reset(stream)
		for range 2 {
			to, err := d.Decode(dst, 3)
			if to != 3 || !errors.Is(err, ErrCorrupt) || first != nil && first.Error() != err.Error() {
				t.Error(to, err, first)
			}
		}
	}
	if err := d.Reset(deflated(t, []byte("good"), 6)); err != nil {
		t.Fatal(err)
	}
	for from := range 2 {
		if _, err := d.Decode(dst, from*4); !errors.Is(err, io.EOF) || string(dst[:4]) != "good" {
			t.Error(err)
		}
	}
	d.Forget()
	if _, err := d.Decode(dst, 0); !errors.Is(err, errNotReset) || d.stream != nil {
		t.Error(err)
	}
	for _, from := range []int{-1, 11} {
		if _, err := d.Decode(dst, from); err == nil {
			t.Error("position", from)
		}
	}
}
