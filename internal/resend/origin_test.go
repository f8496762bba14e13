package resend

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/logboom/logboom/event"
)

// TestOriginsAreToldApart: what a batch remembers of earlier events changes nothing, with more agents, files and orders of keys
// than it remembers, and some files under keys with dots.
func TestOriginsAreToldApart(t *testing.T) {
	marker, random := newMarker(t, 7), rand.New(rand.NewPCG(3, 4))
	var documents [][]byte
	for i := range 3000 {
		one := line{fmt.Sprint("agent-", random.IntN(3)), fmt.Sprint("/var/log/", random.IntN(5)), "", i, "m"}
		if random.IntN(2) == 0 {
			one.inode = fmt.Sprint(random.IntN(3))
		}
		documents = append(documents, one.document(random))
		if random.IntN(10) == 0 {
			documents = append(documents, fmt.Appendf(nil, `{"agent.id":"%s","log.offset":%d,"log.file.path":"%s","message":"m"}`,
				one.agent, i, one.path))
		}
		if random.IntN(10) == 0 {
			documents = append(documents, []byte(`{"agent":{"id":1},"log":{"offset":1,"file":{"path":"p"}}}`), []byte(`{"log":{"offset":1}}`))
		}
	}
	for i, got := range marker.batch(t, documents...).events {
		if want := marker.batch(t, documents[i]).events[0]; got != want {
			t.Fatalf("identity %x in a batch, %x alone: %s", got, want, documents[i])
		}
	}
}

func TestDottedFileIsThatFile(t *testing.T) {
	got := newMarker(t, 7).marksOf(t,
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","inode":"5"}},"message":"m"}`,
		`{"agent.id":"a","log.file.inode":"5","log.offset":1,"log.file.path":"p","message":"m"}`,
		`{"agent.id":"a","log":{"file.inode":5,"offset":1,"file.path":"\u0070"},"message":"m"}`,
		`{"agent.id":"a","log.file":{"inode":"5","path":"p"},"log":{"offset":1},"message":"m"}`)
	for i := range got {
		if got[i] != got[0] || got[i].agent == 0 {
			t.Errorf("document %d: identity %x, want %x", i, got[i], got[0])
		}
	}
}

// FuzzOrigin compares a document with one that is written anew, in one way for all, from what is found in it field by field.
func FuzzOrigin(f *testing.F) {
	for _, document := range []string{
		`{"agent":{"id":"a"},"log":{"offset":1,"file":{"path":"p","inode":"5"}},"message":"m"}`,
		`{"agent.id":"a","log.file.inode":"5","log.offset":1,"log.file.path":"p","message":"m\/\u0041"}`,
		`{"agent":{"id":"a"},"log":{"file":{"path":"p"}},"log.file.path":"q","log.offset":1.0}`,
		`{"agent":{"id":"a","id":"b"},"log":{"file":[1],"file.path":"r","offset":1e1},"message":null}`,
	} {
		f.Add([]byte(document), []byte(document))
	}
	selector, values := mustSelect(f, Paths())
	hasher := mustHasher(f, 1, selector)
	f.Fuzz(func(t *testing.T, before, document []byte) {
		batch := hasher.NewBatch()
		for _, each := range [][]byte{before, document} {
			if selector.Scan(each, values) != nil {
				t.Skip()
			}
			batch.Add(values, each)
		}
		plain := rewritten(t, document)
		if err := selector.Scan(plain, values); err != nil {
			t.Fatalf("%v: %s", err, plain)
		}
		alone := hasher.NewBatch()
		if alone.Add(values, plain); batch.events[1] != alone.events[0] {
			t.Errorf("identity %x of %s, but %x of %s", batch.events[1], document, alone.events[0], plain)
		}
	})
}

// rewritten returns a document with the same identity.
func rewritten(t *testing.T, document []byte) []byte {
	t.Helper()
	raw := func(document []byte, path string) []byte {
		value, found, err := event.Lookup(document, path)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return []byte("null")
		}
		return value.Raw()
	}
	file := raw(document, "log.file")
	var members [][]byte
	for _, name := range fileNames {
		if file[0] == '{' {
			members = append(members, fmt.Appendf(nil, `"%s":%s`, name, raw(file, name)))
		} else {
			members = append(members, fmt.Appendf(nil, `"%s":%s`, name, raw(document, "log.file."+name)))
		}
	}
	return fmt.Appendf(nil, `{"agent":{"id":%s},"message":%s,"log":{"offset":%s,"file":{%s}}}`, raw(document, "agent.id"),
		raw(document, "message"), raw(document, "log.offset"), bytes.Join(members, []byte(",")))
}
