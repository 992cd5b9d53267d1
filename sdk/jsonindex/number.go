package jsonindex

import (
	"math"
	"strconv"
	"unsafe"
)

// Num is a number's text as it stands; false when v is no number. The slice belongs to the document.
func (v Value) Num() ([]byte, bool) {
	if !v.is(Number) {
		return nil, false
	}
	return v.text(), true
}

// Int is a number that is an integer, however it is written (1.0 and 1e3 are); false when v is no number, has a
// fraction, or does not fit 64 bits. Nothing is rounded.
func (v Value) Int() (int64, bool) {
	if !v.is(Number) {
		return 0, false
	}
	return integer(v.text())
}

// Float is the nearest float64 to a number; false when v is no number or beyond the range of float64.
func (v Value) Float() (float64, bool) {
	if !v.is(Number) {
		return 0, false
	}
	b := v.text()
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(b), len(b)), 64) // does not keep its argument
	return f, err == nil
}

// integer reads a number of the JSON grammar: digits are gathered without the point, then scaled by the exponent.
func integer(b []byte) (int64, bool) {
	negative := b[0] == '-'
	if negative {
		b = b[1:]
	}
	var u uint64
	for i, c := range b {
		if !isDigit(c) {
			return scaled(b, negative)
		}
		if i >= 18 && u > (math.MaxUint64-9)/10 {
			return scaled(b, negative)
		}
		u = u*10 + uint64(c-'0')
	}
	return signed(u, negative)
}

func signed(u uint64, negative bool) (int64, bool) {
	switch {
	case negative && u <= 1<<63:
		return -int64(u), true
	case !negative && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}

// scaled reads a number with a fraction, an exponent or more digits than fit. Zeros at the end of the digits are held
// back, so that only digits that matter are multiplied in.
func scaled(b []byte, negative bool) (int64, bool) {
	var u uint64
	held, behindPoint, point := 0, 0, false
	i := 0
	for ; i < len(b) && b[i]|0x20 != 'e'; i++ {
		c := b[i]
		if c == '.' {
			point = true
			continue
		}
		if point {
			behindPoint++
		}
		if c == '0' {
			if u != 0 {
				held++
			}
			continue
		}
		for ; held >= 0; held-- { // the zeros held back, then this digit's own place
			if u > math.MaxUint64/10 {
				return 0, false
			}
			u *= 10
		}
		held = 0
		d := uint64(c - '0')
		if u+d < u {
			return 0, false
		}
		u += d
	}
	if u == 0 {
		return 0, true
	}
	scale := exponent(b[i:]) + held - behindPoint
	if scale < 0 {
		return 0, false
	}
	for ; scale > 0; scale-- {
		if u > math.MaxUint64/10 {
			return 0, false
		}
		u *= 10
	}
	return signed(u, negative)
}

// exponent reads "e+12" or nothing. Beyond what any text in memory can make up for it stays at a bound.
func exponent(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	b = b[1:]
	sign := 1
	if b[0] == '+' || b[0] == '-' {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	n := 0
	for _, c := range b {
		if n = n*10 + int(c-'0'); n > math.MaxInt32/20 {
			return sign * math.MaxInt32 / 20
		}
	}
	return sign * n
}
