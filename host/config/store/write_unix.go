//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// syncDir makes a change of names last. Some file systems cannot, and then there is nothing to be done.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// keepOwner gives the file at path the owner of info. Only root can do so; for others the owner is the same already, or
// becomes the one who writes.
func keepOwner(path string, info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok && (int(s.Uid) != os.Geteuid() || int(s.Gid) != os.Getegid()) {
		_ = os.Chown(path, int(s.Uid), int(s.Gid))
	}
}

// mayRewrite reports whether err is one of those with which a rename fails although the file itself can be written.
func mayRewrite(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) || errors.Is(err, fs.ErrPermission) || readOnlyFS(err)
}

func readOnlyFS(err error) bool { return errors.Is(err, syscall.EROFS) }
