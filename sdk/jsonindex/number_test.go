package jsonindex

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// C09: numbers that no Go type holds are still legal JSON and pass as they stand; Int never rounds.
func TestNumbers(t *testing.T) {
	f := func(src string, want int64, ok bool) {
		t.Helper()
		v := mustParse(t, src, ClientMode()).Root()
		if n, got := v.Int(); got != ok || n != want {
			t.Errorf("Int of %.40s: got %d %v, want %d %v", src, n, got, want, ok)
		}
		if raw, got := v.Num(); !got || string(raw) != src {
			t.Errorf("Num of %.40s: %.40s %v", src, raw, got)
		}
		checkInt(t, src)
	}
	f("0", 0, true)
	f("-0", 0, true)
	f("-0.0e5", 0, true)
	f("0e999999999999", 0, true)
	f("7", 7, true)
	f("-12", -12, true)
	f("1.0", 1, true)
	f("1e3", 1000, true)
	f("1E+3", 1000, true)
	f("12.50e1", 125, true)
	f("1200e-2", 12, true)
	f("0.001e3", 1, true)
	f("1.5", 0, false)
	f("1e-1", 0, false)
	f("1201e-2", 0, false)
	f("1e999", 0, false)
	f("1e-999", 0, false)
	f("1e99999999999999999999", 0, false)
	f("-1e-99999999999999999999", 0, false)
	f("9223372036854775807", math.MaxInt64, true)
	f("9223372036854775807.000", math.MaxInt64, true)
	f("922337203685477580700e-2", math.MaxInt64, true)
	f("9223372036854775808", 0, false)
	f("-9223372036854775808", math.MinInt64, true)
	f("-9223372036854775809", 0, false)
	f("18446744073709551616", 0, false)
	f("92233720368547758070", 0, false)
	f("1"+strings.Repeat("0", 400), 0, false)
	f("1"+strings.Repeat("0", 400)+"e-400", 1, true)
	f("0."+strings.Repeat("0", 400)+"5e401", 5, true)
	f("5."+strings.Repeat("0", 400), 5, true)
}

func TestFloat(t *testing.T) {
	f := func(src string, want float64, ok bool) {
		t.Helper()
		got, gotOK := mustParse(t, src, ClientMode()).Root().Float()
		if gotOK != ok || ok && got != want {
			t.Errorf("%s: got %v %v", src, got, gotOK)
		}
	}
	f("0.7", 0.7, true)
	f("-1e-7", -1e-7, true)
	f("9007199254740993", 9007199254740992, true)
	f("1e-999", 0, true)
	f("1e999", 0, false)
	f(`"1"`, 0, false)
}

// checkInt compares Int with exact arithmetic where that is affordable.
func checkInt(t *testing.T, src string) {
	t.Helper()
	n, ok := mustParse(t, src, Mode{}).Root().Int()
	if i := strings.IndexAny(src, "eE"); i >= 0 {
		if e, err := strconv.Atoi(strings.TrimPrefix(src[i+1:], "+")); err != nil || e > 1000 || e < -1000 {
			return
		}
	}
	exact, parsed := new(big.Rat).SetString(src)
	if !parsed {
		t.Fatalf("big.Rat cannot read %q", src)
	}
	want := exact.IsInt() && exact.Num().IsInt64()
	if ok != want || ok && n != exact.Num().Int64() {
		t.Errorf("Int of %.60s is %d %v, exactly it is %.60s", src, n, ok, exact.RatString())
	}
}
