package failure

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseRetryAfter reads when an upstream wants to be asked again, from the values of its headers retry-after-ms,
// retry-after and date, each "" when it is missing. The first is what OpenAI and the SDKs use and wins. retry-after holds
// seconds, with a fraction or without, or an HTTP date, which counts from the upstream's own date so that clocks may
// differ; now stands in where that is missing. The result lies between MinRetryAfter and MaxRetryAfter; ok is false when
// nothing readable was said.
//
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func ParseRetryAfter(ms, after, date string, now time.Time) (d time.Duration, ok bool) {
	if d, ok = decimal(ms, time.Millisecond); !ok {
		d, ok = decimal(after, time.Second)
	}
	if !ok {
		at, isDate := httpDate(after)
		if !isDate {
			return 0, false
		}
		if theirs, said := httpDate(date); said {
			now = theirs
		}
		d = at.Sub(now)
	}
	return within(d, MinRetryAfter, MaxRetryAfter), true
}

// decimal reads digits with an optional sign and fraction. Other forms that ParseFloat takes (1e9, inf, 0x1) are junk here.
func decimal(s string, unit time.Duration) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 || strings.Trim(s, "+-.0123456789") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	f *= float64(unit)
	if f > math.MaxInt64/2 {
		f = math.MaxInt64 / 2
	}
	return time.Duration(math.Ceil(max(f, 0))), true
}

// httpDate reads the three forms of RFC 9110: IMF-fixdate, RFC 850 and asctime.
func httpDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC1123, time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
