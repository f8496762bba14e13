package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func update(t testing.TB, j *Journal, do func(*Tx) error) {
	t.Helper()
	if err := j.Update(do); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, j *Journal, do func(*Tx) error) {
	t.Helper()
	if err := j.View(do); err != nil {
		t.Fatal(err)
	}
}

func big(size int) []byte {
	state := make([]byte, size)
	for i := range state {
		state[i] = byte(i * i >> 8)
	}
	return state
}

func TestCheckpoint(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	view(t, j, func(tx *Tx) error {
		if _, ok, err := tx.Checkpoint(); ok || err != nil {
			t.Fatalf("in a new journal: %v, %v", ok, err)
		}
		return nil
	})
	fill(t, j, 10)
	if err := j.Update(func(tx *Tx) error { return tx.PutCheckpoint(Checkpoint{Sequence: 10}) }); err == nil {
		t.Fatal("stored a checkpoint of what is not durable")
	}
	synced(t, j)
	for i, size := range []int{0, 1, checkpointPart, checkpointPart + 1, 20 << 20, 300_000, 5} {
		want := Checkpoint{Sequence: uint64(i + 1), State: big(size)}
		update(t, j, func(tx *Tx) error { return tx.PutCheckpoint(want) })
		if i%3 == 0 {
			closed(t, j)
			j = open(t, small(directory))
		}
		view(t, j, func(tx *Tx) error {
			got, ok, err := tx.Checkpoint()
			if !ok || got.Sequence != want.Sequence || !bytes.Equal(got.State, want.State) {
				t.Fatalf("size %d: got %d bytes at %d, %v", size, len(got.State), got.Sequence, ok)
			}
			return err
		})
	}
	if j.Salvage() != nil {
		t.Fatalf("salvaged %+v", j.Salvage())
	}
}

func TestCursors(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	update(t, j, func(tx *Tx) error {
		return errors.Join(tx.PutCursor("slack", 7, []byte("ids")), tx.PutCursor("file", 9, nil),
			tx.PutCursor("elasticsearch", 1, nil), tx.PutCursor("file", 10, nil), tx.DeleteCursor("nobody"))
	})
	closed(t, j)
	j = open(t, small(directory))
	update(t, j, func(tx *Tx) error { return tx.DeleteCursor("elasticsearch") })
	view(t, j, func(tx *Tx) error {
		cursors, err := tx.Cursors()
		if want := "[{file 10 []} {slack 7 [105 100 115]}]"; fmt.Sprint(cursors) != want {
			t.Fatalf("got %v, want %s", cursors, want)
		}
		if _, ok, err := tx.Cursor("elasticsearch"); ok || err != nil {
			t.Fatalf("deleted: %v, %v", ok, err)
		}
		if cursor, ok, err := tx.Cursor("slack"); !ok || err != nil || cursor.After != 7 {
			t.Fatalf("%v, %v, %v", cursor, ok, err)
		}
		return err
	})
	if err := j.Update(func(tx *Tx) error { return tx.PutCursor("", 1, nil) }); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a cursor without a name: %v", err)
	}
}

func TestEnds(t *testing.T) {
	j := open(t, small(t.TempDir()))
	long := bytes.Repeat([]byte("k"), 100_000)
	ends := []struct {
		rule string
		key  []byte
		end  int64
	}{
		{"a", []byte("bc"), 1},
		{"ab", []byte("c"), 2},
		{"abc", nil, -3},
		{"a", long, 4},
		{"a", long[1:], 5},
		{"ak", long[1:], 6},
		{string(long[:600]), nil, 7},
		{"", nil, 8},
	}
	update(t, j, func(tx *Tx) error {
		for _, one := range ends {
			if err := tx.PutEnds([]End{{one.rule, one.key, one.end}}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, j, func(tx *Tx) error {
		for _, one := range ends {
			if end, ok, err := tx.End(one.rule, one.key); end != one.end || !ok || err != nil {
				t.Errorf("%.5s %.5s: %d, %v, %v", one.rule, one.key, end, ok, err)
			}
		}
		if _, ok, err := tx.End("a", []byte("x")); ok || err != nil {
			t.Errorf("unknown: %v, %v", ok, err)
		}
		return nil
	})
}

func TestTransitions(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	update(t, j, func(tx *Tx) error {
		for number := uint64(1); number <= 1000; number++ {
			if err := tx.PutTransition(number, fmt.Appendf(nil, "%d", number)); err != nil {
				return err
			}
		}
		return tx.PutTransition(500, []byte("500"))
	})
	check := func(after uint64, limit, want int, first, last uint64) {
		t.Helper()
		view(t, j, func(tx *Tx) error {
			found, err := tx.Transitions(after, limit)
			if err != nil || len(found) != want {
				t.Fatalf("%d found, want %d, %v", len(found), want, err)
			}
			for i, one := range found {
				if one.Number < after+uint64(i)+1 || string(one.Data) != fmt.Sprint(one.Number) {
					t.Fatalf("transition %d: %d %s", i, one.Number, one.Data)
				}
			}
			lowest, highest, err := tx.TransitionNumbers()
			if lowest != first || highest != last {
				t.Fatalf("numbers %d to %d, want %d to %d", lowest, highest, first, last)
			}
			return err
		})
	}
	check(0, 10, 10, 1, 1000)
	check(995, 10, 5, 1, 1000)
	check(0, 0, 0, 1, 1000)
	check(1<<64-1, 1, 0, 1, 1000)
	update(t, j, func(tx *Tx) error { return tx.DeleteTransitions(990) })
	check(0, 100, 10, 991, 1000)
	update(t, j, func(tx *Tx) error { return tx.DeleteTransitions(5000) })
	check(0, 100, 0, 0, 1000)
	closed(t, j)
	j = open(t, small(directory))
	check(0, 100, 0, 0, 1000)
	if j.Salvage() != nil {
		t.Fatalf("salvaged %+v", j.Salvage())
	}
}

func TestUpdateIsAtomic(t *testing.T) {
	j := open(t, small(t.TempDir()))
	mine := errors.New("mine")
	err := j.Update(func(tx *Tx) error { return errors.Join(tx.PutValue("x", []byte("y")), mine) })
	if !errors.Is(err, mine) {
		t.Fatalf("got %v", err)
	}
	func() {
		defer func() {
			if recover() != "caller" {
				t.Error("the caller's panic did not come through")
			}
		}()
		_ = j.Update(func(tx *Tx) error { _ = tx.PutValue("x", []byte("z")); panic("caller") })
	}()
	view(t, j, func(tx *Tx) error {
		if value, ok, err := tx.Value("x"); ok || err != nil {
			t.Fatalf("%s, %v", value, err)
		}
		return nil
	})
}

// TestStateCommitFails fails commits without and with effect: afterwards either is there, whole, and the log goes on.
func TestStateCommitFails(t *testing.T) {
	for _, after := range []bool{false, true} {
		injected := &faults{}
		options := small(t.TempDir())
		options.files = injected
		j := open(t, options)
		update(t, j, func(tx *Tx) error { return errors.Join(tx.PutValue("a", []byte{1}), tx.PutValue("b", []byte{1})) })
		injected.after.Store(after)
		injected.failCommit.Store(true)
		put := func(tx *Tx) error { return errors.Join(tx.PutValue("a", []byte{2}), tx.PutValue("b", []byte{2})) }
		for range 3 {
			if err := j.Update(put); err == nil {
				t.Fatal("stored")
			}
			fill(t, j, 1)
			synced(t, j)
		}
		injected.failCommit.Store(false)
		view(t, j, func(tx *Tx) error {
			a, _, _ := tx.Value("a")
			b, _, err := tx.Value("b")
			if !bytes.Equal(a, b) || len(a) != 1 {
				t.Fatalf("a %v, b %v", a, b)
			}
			return err
		})
		update(t, j, put)
		wantAll(t, j, 1, 3)
		if j.Salvage() != nil {
			t.Fatalf("salvaged %+v", j.Salvage())
		}
	}
}

func TestConcurrentState(t *testing.T) {
	j := open(t, small(t.TempDir()))
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 30 {
				name := fmt.Sprint(worker)
				if err := j.Update(func(tx *Tx) error { return tx.PutCursor(name, uint64(i), big(i*100)) }); err != nil {
					t.Error(err)
				}
				err := j.View(func(tx *Tx) error {
					cursor, _, err := tx.Cursor(name)
					if cursor.After != uint64(i) {
						t.Errorf("cursor %d, want %d", cursor.After, i)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// TestStateChurn makes bbolt split, merge and free pages, and checks after each update that the file counts as intact.
func TestStateChurn(t *testing.T) {
	directory := t.TempDir()
	j := open(t, small(directory))
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		update(t, j, func(tx *Tx) error {
			for range random.IntN(400) {
				name := fmt.Sprint(random.IntN(2000), string(big(random.IntN(200))))
				if err := tx.PutEnds([]End{{name, nil, 1}}); err != nil {
					return err
				}
				name = fmt.Sprintf("%*d", 1+random.IntN(9), random.IntN(3000))
				err := tx.PutValue(name, big(random.IntN(3000)))
				if random.IntN(3) > round%4 {
					err = tx.DeleteValue(name)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		f, err := os.Open(filepath.Join(directory, stateName))
		if err != nil {
			t.Fatal(err)
		}
		damage, err := j.state.check(f)
		_ = f.Close()
		if damage != nil || err != nil {
			t.Fatalf("round %d: %+v, %v", round, damage, err)
		}
	}
}

// TestStateAgainstModel compares with maps, over reopening.
func TestStateAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		directory, err := os.MkdirTemp("", "journal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(directory)
		options := small(directory)
		j, err := Open(options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.Close() }()
		want := map[string]string{}
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				fail := rapid.Bool().Draw(t, "fail")
				next := map[string]string{}
				for name, value := range want {
					next[name] = value
				}
				_ = j.Update(func(tx *Tx) error {
					for range rapid.IntRange(0, 20).Draw(t, "count") {
						name := fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "name"))
						if rapid.Bool().Draw(t, "delete") {
							delete(next, name)
							_ = tx.DeleteValue(name)
							continue
						}
						next[name] = string(big(rapid.IntRange(0, 9000).Draw(t, "size")))
						_ = tx.PutValue(name, []byte(next[name]))
					}
					if fail {
						return errors.New("fail")
					}
					return nil
				})
				if !fail {
					want = next
				}
			},
			"reopen": func(t *rapid.T) {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = Open(options); err != nil || j.Salvage() != nil {
					t.Fatalf("%v, %+v", err, j.Salvage())
				}
			},
			"": func(t *rapid.T) {
				_ = j.View(func(tx *Tx) error {
					for i := range 31 {
						name := fmt.Sprint(i)
						value, ok, err := tx.Value(name)
						if expected, there := want[name]; ok != there || string(value) != expected || err != nil {
							t.Fatalf("%s: %d bytes, %v, %v", name, len(value), ok, err)
						}
					}
					return nil
				})
			},
		})
	})
}
