//go:build unix

package main

import "syscall"

// maxFiles is how many files and sockets the process may have open; 0 where that is not known. Go has raised it to the most
// that the system allows before main began.
func maxFiles() uint64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return uint64(l.Cur)
}
