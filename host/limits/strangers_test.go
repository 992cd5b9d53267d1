package limits

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// C18: guesses beyond a minute's worth are held back and told to wait, by address; time makes up for them.
func TestStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStrangers(time.Now)
		here, there := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("::ffff:192.0.2.8")
		f := func(from netip.Addr, slowed bool) {
			t.Helper()
			began := time.Now()
			wait := s.Refused(t.Context(), from)
			took := time.Since(began)
			if slowed != (took == strangerDelay) || slowed != (wait > 0) || wait > time.Minute {
				t.Errorf("%s took %s, told to wait %s", from, took, wait)
			}
		}
		for range strangerTries {
			f(here, false)
		}
		f(here, true)
		f(there, false)
		time.Sleep(time.Minute)
		f(here, false)
		// A network of version 6 is one stranger.
		for i := range strangerTries {
			f(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)}), false)
		}
		f(netip.MustParseAddr("2001:db8::ffff"), true)
		f(netip.MustParseAddr("2001:db8:0:1::1"), false)
		// Who leaves is not waited for.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		for range strangerTries + 5 {
			s.Refused(gone, netip.MustParseAddr("192.0.2.9"))
		}
		if time.Since(began) != 0 {
			t.Error("held back although the client left")
		}
	})
}

// Neither many addresses nor many guesses at once cost more than a fixed amount.
func TestStrangersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStrangers(time.Now)
		for i := range 3 * maxStrangers {
			s.Refused(t.Context(), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		}
		if n := len(s.tries); n > maxStrangers {
			t.Errorf("%d addresses", n)
		}
		from := netip.MustParseAddr("192.0.2.7")
		done := make(chan time.Duration)
		for range 2 * maxHeld {
			go func() {
				began := time.Now()
				s.Refused(t.Context(), from)
				done <- time.Since(began)
			}()
		}
		at := map[time.Duration]int{}
		for range 2 * maxHeld {
			at[<-done]++
		}
		if at[strangerDelay] != maxHeld || at[0] != maxHeld || s.held != 0 {
			t.Errorf("%v, %d held", at, s.held)
		}
	})
}
