package store

import (
	"errors"
	"io/fs"
	"syscall"
)

// syncDir has no counterpart on Windows, where a rename is written through.
func syncDir(string) error { return nil }

// keepOwner: a new file inherits the rights of its folder.
func keepOwner(string, fs.FileInfo) {}

// The codes of the system for a file that another program holds open.
const (
	sharingViolation syscall.Errno = 32
	lockViolation    syscall.Errno = 33
	userMapped       syscall.Errno = 1224
)

// mayRewrite reports whether err is one of those with which a rename fails although the file itself can be written.
func mayRewrite(err error) bool {
	return errors.Is(err, sharingViolation) || errors.Is(err, lockViolation) || errors.Is(err, userMapped) || errors.Is(err, fs.ErrPermission)
}

func readOnlyFS(error) bool { return false }
