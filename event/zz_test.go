package event
import "testing"
func BenchmarkSame(b *testing.B) {
	d := recorded(b, "nginx.ndjson")[0]
	s := mustSelect(b, typicalPaths...)
	v := make([]Value, s.Len())
	b.SetBytes(int64(len(d)))
	for b.Loop() { _ = s.Scan(d, v) }
}
func BenchmarkSameText(b *testing.B) {
	d := []byte(`{"@timestamp":"` + string(make([]byte,0)) + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" + `"}`)
	s := mustSelect(b, typicalPaths...)
	v := make([]Value, s.Len())
	b.SetBytes(int64(len(d)))
	for b.Loop() { _ = s.Scan(d, v) }
}
