package outputs

import "testing"

func TestPlaceIsStored(t *testing.T) {
	for _, p := range []place{{}, {3, 0}, {3, 1}, {1 << 60, 1<<32 - 1}} {
		if got := placeOf(p.record, p.state()); got != p {
			t.Errorf("%+v comes back as %+v", p, got)
		}
	}
	// What outputs of other types stored, which had the name before.
	for _, state := range []string{`{"file":3,"length":1234,"end":"AAAA"}`, "x", `{"events":-1}`, `{"events":"1"}`, "null", "[]"} {
		if got := placeOf(7, []byte(state)); got != (place{record: 7}) {
			t.Errorf("%s is read as %+v", state, got)
		}
	}
}

func TestPlacesHaveAnOrder(t *testing.T) {
	ordered := []place{{}, {0, 1}, {1, 0}, {1, 7}, {2, 0}}
	for i, a := range ordered {
		for j, b := range ordered {
			if a.isBehind(b) != (i > j) {
				t.Errorf("%+v is behind %+v: %v", a, b, a.isBehind(b))
			}
		}
	}
}
