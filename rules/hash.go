package rules

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// keySeed makes the hashes of keys other ones in each process, so that nobody can choose keys that collide.
var keySeed = [2]uint64{rand.Uint64(), rand.Uint64()}

// hashKey returns the hash of a key by which a keyTable finds it. It is wyhash, as Go's maps have it where there are no AES
// instructions, which for keys of a few bytes is faster than a call of hash/maphash.
func hashKey(name []byte) uint64 {
	hash := keySeed[0] ^ uint64(len(name))
	for ; len(name) > 16; name = name[16:] {
		hash = mix(binary.LittleEndian.Uint64(name)^keySeed[1], binary.LittleEndian.Uint64(name[8:])^hash)
	}
	first, last := headOf(name), uint64(0)
	if len(name) > 8 {
		last = binary.LittleEndian.Uint64(name[len(name)-8:])
	}
	return mix(mix(first^keySeed[1], last^hash), keySeed[0])
}

func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
