package logstash

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// checkOutline compares the two ways to find the outline of a plain document. The fast one may leave one to the other.
func checkOutline(t *testing.T, document []byte) (fast bool) {
	t.Helper()
	var quick, slow outline
	var found Found
	var all index
	fast = quick.scan(document, &found)
	if !fast && (quick != outline{} || found.members.count != 0) {
		t.Fatalf("%q leaves %+v", document, quick)
	}
	plain := scanPlain(document, &slow, &all)
	if !fast {
		return false
	}
	if !plain {
		// It also takes what goes on for longer than the slow one looks.
		var rewriter rewriter
		if !rewriter.rewrite(document, &slow) || !bytes.Equal(rewriter.out, bytes.TrimSpace(document)) {
			t.Fatalf("%q is not plain", document)
		}
		return true
	}
	if quick != slow || found.members.count != all.count || found.members.spans != all.spans {
		t.Fatalf("%q: %+v\nwant %+v", document, quick, slow)
	}
	return true
}

func TestOutline(t *testing.T) {
	random := randomDocument{Rand: rand.New(rand.NewPCG(7, 7))}
	for range 5000 {
		checkOutline(t, random.next())
	}
	taken, documents := 0, append(recorded(t, "nginx.ndjson"), benchmarkEvents(0)...)
	for _, document := range documents {
		if checkOutline(t, document) {
			taken++
		}
	}
	if taken != 0 && taken != len(documents) { // none on machines that cannot mark strings
		t.Errorf("%d of %d events of Beats were taken the fast way", taken, len(documents))
	}
}
