package app

import "testing"

func TestNoOutputMayBeBehindByMoreThanHalfOfTheJournal(t *testing.T) {
	for _, test := range []struct{ wanted, budget, want int64 }{
		{1 << 30, 16 << 20, 8 << 20}, {4 << 20, 16 << 20, 4 << 20}, {1 << 30, 10 << 30, 1 << 30},
	} {
		if got := mostBehind(test.wanted, test.budget); got != test.want {
			t.Errorf("%d of a journal of %d became %d, want %d", test.wanted, test.budget, got, test.want)
		}
	}
}
