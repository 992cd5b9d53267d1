package config

import (
	"math"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

func setSize(v reflect.Value, f field, text string) *fault {
	size, err := ParseSize(text)
	if err != nil {
		fault := bad(text, err.Error())
		fault.allowed = "a number of bytes, or with a unit: 64KiB, 32MiB, 1GiB"
		if plain, ok := sizeWithUnit(text); ok {
			fault.hint = didYouMean(plain)
		}
		return fault
	}
	low, high := Size(0), Size(math.MaxInt64)
	if f.min != "" {
		low = mustSize(f.min)
	}
	if f.max != "" {
		high = mustSize(f.max)
	}
	if size < low || size > high {
		return outside(text, size < low, low.String(), high.String(), high == math.MaxInt64)
	}
	v.SetInt(int64(size))
	return nil
}

// sizeWithUnit guesses the size behind 32M, 32mb or 32 mib.
func sizeWithUnit(text string) (string, bool) {
	digits := strings.TrimRight(strings.TrimSpace(text), "kKmMgGiIbB ")
	if _, err := strconv.ParseUint(digits, 10, 32); err != nil {
		return "", false
	}
	for _, unit := range [...]string{"KiB", "MiB", "GiB"} {
		if strings.ContainsAny(text, unit[:1]+strings.ToLower(unit[:1])) {
			return digits + unit, true
		}
	}
	return "", false
}

func setDuration(v reflect.Value, f field, text string, how form) *fault {
	text = strings.TrimSpace(text)
	d, err := time.ParseDuration(text)
	if err != nil {
		n, numErr := strconv.ParseInt(text, 10, 64)
		switch {
		case numErr != nil:
			fault := bad(text, "is not a duration")
			fault.allowed = "a number with a unit: 500ms, 30s, 10m, 1h"
			return fault
		case how == inFile:
			fault := bad(text, "is a number without a unit")
			fault.allowed = "500ms, 30s, 10m, 1h"
			unit := "s"
			if n >= 1000 {
				unit = "ms"
			}
			fault.hint = didYouMean(text + unit)
			return fault
		case n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond):
			return bad(text, "is too long a time")
		}
		d = time.Duration(n) * time.Millisecond
	}
	low, high := time.Duration(0), time.Duration(math.MaxInt64)
	if f.min != "" {
		low = mustDuration(f.min)
	}
	if f.max != "" {
		high = mustDuration(f.max)
	}
	if d < low || d > high {
		return outside(text, d < low, FormatDuration(low), FormatDuration(high), high == math.MaxInt64)
	}
	v.SetInt(int64(d))
	return nil
}

// FormatDuration writes d as plugins.yaml does: 90s is "1m30s", an hour "1h".
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func setTime(v reflect.Value, text string) *fault {
	if text == "" {
		v.Set(reflect.ValueOf(time.Time{}))
		return nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		fault := bad(text, "is not a moment in RFC 3339 form")
		fault.allowed = "2027-01-31T23:59:59Z, or +08:00 for Z"
		if day, dayErr := time.Parse(time.DateOnly, text); dayErr == nil {
			fault.hint = didYouMean(day.Format(time.RFC3339))
		}
		return fault
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func setPrefix(v reflect.Value, text string) *fault {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, addrErr := netip.ParseAddr(text)
		if addrErr != nil || addr.Zone() != "" {
			fault := bad(text, "is not a network")
			fault.allowed = "10.0.0.0/8, fd00::/8, or one address"
			return fault
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if masked := prefix.Masked(); masked != prefix {
		fault := bad(text, "has bits set beyond its length")
		fault.hint = didYouMean(masked.String())
		return fault
	}
	v.Set(reflect.ValueOf(prefix))
	return nil
}

func setProxyURL(v reflect.Value, text string) *fault {
	if text == "" {
		v.Set(reflect.ValueOf(ProxyURL{}))
		return nil
	}
	hidden := func(why string) *fault {
		return &fault{message: "the address of the proxy " + why, allowed: "http://host:port, https://host:port, socks5://host:port", hidden: true}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return hidden("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" && u.Scheme != "socks5h":
		f := hidden("is not an http, https or socks5 URL")
		f.hint = didYouMean(closest(u.Scheme, []string{"http", "https", "socks5"}))
		return f
	case u.Hostname() == "" || badHostname(u.Hostname()):
		return hidden("has no host")
	case u.Port() != "" && !validPort(u.Port()):
		return hidden("has a port that is not 1 to 65535")
	case u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return hidden("has more than a scheme, a host and a port")
	}
	v.Set(reflect.ValueOf(ProxyURL{url: u}))
	return nil
}
