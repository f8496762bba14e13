package rules

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestKeyTableEqualsMap puts, finds and removes keys at random, and compares with Go's map.
func TestKeyTableEqualsMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table keyTable
		want := make(map[string]*keyState)
		names := rapid.IntRange(1, 60).Draw(t, "names")
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			name := fmt.Sprint("key ", rapid.IntRange(0, names).Draw(t, "name"))
			key := table.get(hashKey([]byte(name)), []byte(name))
			if key != want[name] {
				t.Fatalf("%s: found %v, want %v", name, key, want[name])
			}
			if key == nil {
				want[name] = &keyState{key: name}
				table.put(want[name])
			} else if rapid.Bool().Draw(t, "remove") {
				table.remove(key)
				delete(want, name)
			}
		}
		if got := slices.Collect(table.all()); len(got) != len(want) || table.size != len(want) {
			t.Fatalf("%d keys, size %d, want %d", len(got), table.size, len(want))
		}
		for name, key := range want {
			if table.get(hashKey([]byte(name)), []byte(name)) != key {
				t.Fatalf("%s is lost", name)
			}
		}
	})
}

// TestKeysOfOneHashAreApart has a table of nothing but collisions.
func TestKeysOfOneHashAreApart(t *testing.T) {
	var table keyTable
	for _, name := range []string{"a", "b", "c"} {
		table.put(&keyState{key: name})
	}
	for i, name := range []string{"a", "b", "c"} {
		table.slots[i] = keySlot{hash: 0, key: &keyState{key: name}}
	}
	clear(table.slots[3:])
	for _, name := range []string{"a", "b", "c"} {
		if key := table.get(0, []byte(name)); key == nil || key.key != name {
			t.Errorf("%s: found %v", name, key)
		}
	}
	if key := table.get(0, []byte("d")); key != nil {
		t.Errorf("found %q for a key that is not there", key.key)
	}
}

func TestHashesOfKeysDiffer(t *testing.T) {
	seen := make(map[uint64]string)
	for length := range 40 {
		for char := range 3 {
			name := slices.Repeat([]byte{byte(char)}, length)
			if other, ok := seen[hashKey(name)]; ok && other != string(name) {
				t.Errorf("%x and %x have one hash", name, other)
			}
			seen[hashKey(name)] = string(name)
		}
	}
}
