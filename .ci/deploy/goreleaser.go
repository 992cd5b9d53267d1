package main

import (
	"fmt"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

func goreleaser(file string) error {
	p, err := config.Load(file)
	if err != nil {
		return err
	}
	for _, b := range p.Builds {
		fmt.Println("goreleaser", b.ID, b.Goos, b.Goarch)
	}
	return nil
}
