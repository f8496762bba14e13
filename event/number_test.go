package event

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestInt(t *testing.T) {
	nines := strings.Repeat("9", 17)
	for raw, want := range map[string]int64{
		`0`: 0, `-0`: 0, `0.000`: 0, `0e999999999999999999999`: 0, `7`: 7, `-7`: -7, `15.0`: 15, `1.5e1`: 15, `150e-1`: 15,
		`1E+3`: 1000, `0.00001e5`: 1, `9223372036854775807`: math.MaxInt64, `-9223372036854775808`: math.MinInt64,
		`9223372036854775.807e3`: math.MaxInt64, `922337203685477580700e-2`: math.MaxInt64,
		`9223372036854775807.000000000000000000000000`: math.MaxInt64, `9007199254740993.0`: 9007199254740993,
		`1` + strings.Repeat("0", 18): 1e18, `10000000000000000000e-1`: 1e18,
		`0.` + strings.Repeat("0", 50) + `12e52`: 12, nines + `.0`: 99999999999999999,
	} {
		if got, ok := valueOf(t, raw).Int(); !ok || got != want {
			t.Errorf("Int of %s = %d, %t; want %d", raw, got, ok, want)
		}
	}
	for _, raw := range []string{
		`0.5`, `1e-1`, `15.01`, `9223372036854775808`, `-9223372036854775809`, `9223372036854775807.5`,
		`1e19`, `1e99999999999999999999`,
		`4503599627370496.1`, `1.00000000000000000000000000001`, `18446744073709551616`,
		`1e18446744073709551617`, `99999999999999999999999`, `1e-99999999999999999999`,
	} {
		if got, ok := valueOf(t, raw).Int(); ok {
			t.Errorf("Int of %s = %d", raw, got)
		}
	}
}

func TestFloat(t *testing.T) {
	for raw, want := range map[string]float64{
		`0`: 0, `0.1`: 0.1, `0.25`: 0.25, `-1.5e3`: -1500, `1e22`: 1e22, `1e23`: 1e23,
		`123456789012345678901234567890`: 123456789012345678901234567890,
		`9007199254740993`:               9007199254740992,
		`9007199254740993e1`:             90071992547409930, `5e-324`: 5e-324, `1e-999`: 0,
		`1.7976931348623157e308`: math.MaxFloat64, `3.141592653589793`: math.Pi,
	} {
		if got, ok := valueOf(t, raw).Float(); !ok || got != want {
			t.Errorf("Float of %s = %g, %t; want %g", raw, got, ok, want)
		}
	}
	if got, ok := valueOf(t, `-0`).Float(); !ok || !math.Signbit(got) {
		t.Errorf("Float of -0 = %g, %t", got, ok)
	}
	for _, raw := range []string{`1e309`, `-1e309`, `1e99999999999999999999`, `1e18446744073709551617`} {
		if got, ok := valueOf(t, raw).Float(); ok {
			t.Errorf("Float of %s = %g", raw, got)
		}
	}
}

func TestNumbersDoNotAllocate(t *testing.T) {
	status, duration := valueOf(t, `200`), valueOf(t, `0.013`)
	allocations := testing.AllocsPerRun(100, func() {
		if _, ok := status.Int(); !ok {
			t.Fatal("not an int")
		}
		if number, ok := duration.Float(); !ok || number != 0.013 {
			t.Fatal("not the float")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func FuzzNumber(f *testing.F) {
	for _, raw := range []string{
		"0", "-0.0", "15.0", "1.5e1", "9223372036854775808", "1e22", "0.1", "123456789012345678", "1e-5",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !json.Valid([]byte(raw)) || kindOf(raw[0]) != Number || strings.TrimSpace(raw) != raw {
			return
		}
		value := valueOf(t, raw)
		want, err := strconv.ParseFloat(raw, 64)
		got, ok := value.Float()
		if ok != (err == nil) || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("Float of %s = %g, %t; want %g", raw, got, ok, want)
		}
		if _, exponent, has := strings.Cut(strings.ToLower(raw), "e"); has && len(exponent) > 4 {
			return // big.Rat would take all memory
		}
		exact, _ := new(big.Rat).SetString(raw)
		fits := exact.IsInt() && exact.Num().IsInt64()
		if number, ok := value.Int(); ok != fits || fits && number != exact.Num().Int64() {
			t.Fatalf("Int of %s = %d, %t; want %s, %t", raw, number, ok, exact, fits)
		}
	})
}

func TestEightDigits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		number := random.Uint64N(100_000_000)
		text := fmt.Appendf(nil, "%08d", number)
		if got, ok := eightDigits(binary.LittleEndian.Uint64(text)); !ok || got != number {
			t.Fatalf("%s is %d, %t", text, got, ok)
		}
		text[random.IntN(8)] = "/:.eE-+ \x00\x80\xb0\xff"[random.IntN(12)]
		if got, ok := eightDigits(binary.LittleEndian.Uint64(text)); ok {
			t.Fatalf("%q is %d", text, got)
		}
	}
}
