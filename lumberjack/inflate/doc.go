// Package inflate decompresses zlib streams (RFC 1950, RFC 1951) that are wholly in memory into buffers of the caller.
//
// It exists because inflating is the largest part of what receiving an event costs. With the whole stream in memory
// there is no state machine over single bits, and with the output in one buffer there is no window to copy it from.
//
// What holds whatever the stream contains:
//   - Nothing is written outside of dst[from:len(dst)], and nothing is read before dst[0] or behind the stream.
//   - No more than len(dst)-from bytes come out of one Decode: limits on output are the caller's, and exact.
//   - Decode takes time in proportion to the stream and its output. The dearest stream, of empty blocks with codes of
//     their own, costs about two microseconds for twelve bytes, as it does with compress/zlib.
//   - A Decoder has a fixed size (about 13 KiB) and allocates nothing but errors.
//   - A stream is refused if and only if the standard library's compress/zlib refuses it, except that a preset
//     dictionary is always refused (see Decoder.Reset).
package inflate
