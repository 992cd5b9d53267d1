//go:build wasip1

package main

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"time"
)

// resume does everything after which Go goes on in the middle of a function: it recovers, waits, switches between goroutines, grows
// their stacks and collects garbage.
//
//go:wasmexport resume
func resume(rounds int32) int64 {
	var all []byte
	for i := range int(rounds) {
		for kind := range 8 {
			all = fmt.Append(all, recovered(kind, i), ";")
		}
		all = fmt.Append(all, pipeline(i+3), selects(i+2), frames(i%40+1), pulled(i+1), timed(), ";")
		runtime.GC()
	}
	return digest(all)
}

type shape interface{ area(n int) int }
type square struct{ side int }
type nothing struct{ shape }

func (s *square) area(n int) int { return s.side * s.side / n }

// recovered fails in one of several ways, with defers of all kinds around it, and says what it saw on the way out.
func recovered(kind, n int) (said string) {
	defer func() { said += "|last" }()
	defer func() {
		if p := recover(); p != nil {
			said += fmt.Sprint("|", p)
		}
	}()
	for i := range n % 4 { // defers in a loop are not open-coded
		defer func() { said += fmt.Sprint(i) }()
	}
	var list []int
	var table map[string]int
	var s *square
	switch kind {
	case 0:
		said += fmt.Sprint(list[n])
	case 1:
		table["x"] = n
	case 2:
		said += fmt.Sprint(s.area(1))
	case 3:
		said += fmt.Sprint((&square{n}).area(len(list)))
	case 4:
		var v any = n
		said += v.(string)
	case 5:
		defer func() {
			said += fmt.Sprint("|inner ", recover())
			panic("again")
		}()
		panic(errors.New("first"))
	case 6:
		said += fmt.Sprint(nothing{}.area(n))
	default:
		done := make(chan string)
		go func() {
			defer close(done)
			defer func() { done <- "left" }()
			runtime.Goexit()
		}()
		said += <-done
	}
	return said + "|end"
}

// pipeline passes numbers through goroutines, some of which wait for each other.
func pipeline(n int) (sum int) {
	numbers, squares := make(chan int), make(chan int, 2)
	var mu sync.Mutex
	var wg sync.WaitGroup
	go func() {
		defer close(numbers)
		for i := range n {
			numbers <- i
		}
	}()
	for range 3 {
		wg.Go(func() {
			for i := range numbers {
				mu.Lock()
				runtime.Gosched()
				sum += i
				mu.Unlock()
				squares <- i * i
			}
		})
	}
	go func() { wg.Wait(); close(squares) }()
	for s := range squares {
		mu.Lock()
		sum += s
		mu.Unlock()
	}
	return sum
}

func selects(n int) (sum int) {
	a, b, quit := make(chan int), make(chan int), make(chan struct{})
	go func() {
		for i := range n {
			if i%2 == 0 {
				a <- i
			} else {
				b <- i
			}
		}
		close(quit)
	}()
	for {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum += 100 * v
		case <-quit:
			return sum
		}
	}
}

// frames grows the stack of a new goroutine while its functions hold values.
func frames(depth int) int {
	done := make(chan int)
	go func() { done <- frame(depth * 50) }()
	return <-done
}

func frame(depth int) int {
	var room [64]int
	for i := range room {
		room[i] = depth + i
	}
	if depth == 0 {
		return 1
	}
	return frame(depth-1)%1_000_003 + room[depth%64]
}

func pulled(n int) (sum int) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	})
	defer stop()
	for v, ok := next(); ok && v < 20; v, ok = next() {
		sum += v
	}
	return sum
}

func timed() int {
	select {
	case <-time.After(time.Millisecond):
		return 1
	case <-make(chan int):
		return 2
	}
}
