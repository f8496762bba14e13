//go:build !purego

package event

import "golang.org/x/sys/cpu"

// canMark says whether the machine has what markStrings needs.
var canMark = cpu.X86.HasAVX2 && cpu.X86.HasPCLMULQDQ && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// markStrings marks blocks of 64 bytes, count of them or fewer if the room for ends runs out, and returns how many. The
// number of the first one within the part is given; count, the state and what was seen go on from what they are in m.
//
// It is in assembly because marking pays only if it costs next to nothing. With AVX2 a block takes 4 ns, a sixth of
// the time of Scan; word by word in Go it would take longer than marks save.
//
//go:noescape
func markStrings(blocks *byte, count int, m *marks, first int) int
