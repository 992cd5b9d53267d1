package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// sizeUnits are the units of [ParseSize], the longer first where one ends with
// another.
var sizeUnits = [...]struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3},
	{"B", 1},
}

// ParseSize reads a whole number of bytes with an optional unit: B, KB, MB, GB
// count in thousands, KiB, MiB, GiB in 1024. Spaces may stand before the unit.
func ParseSize(s string) (Size, error) {
	unit, digits := int64(1), strings.TrimSpace(s)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(digits, u.name); ok {
			unit, digits = u.bytes, strings.TrimRight(rest, " ")
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("is too large a size")
	case err != nil:
		return 0, errors.New("is not a size")
	case n > math.MaxInt64/unit || n < math.MinInt64/unit:
		return 0, errors.New("is too large a size")
	}
	return Size(n * unit), nil
}

// String returns the size in the largest 1024-based unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits[:3] {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
