// Package apart keeps what goes deep off the stacks of goroutines that have long to wait.
//
// A goroutine's stack grows with its deepest call, by doubling, and hardly ever shrinks while the goroutine is in the middle
// of something. A thousand streams that wait for their next byte keep a thousand such stacks.
package apart

// Do runs f on a goroutine of its own and waits for it. A panic of f is one of the caller's.
func Do(f func()) {
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if p := <-done; p != nil {
		panic(p)
	}
}
