package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func compose(file string) error {
	o, err := cli.NewProjectOptions([]string{file}, cli.WithEnv([]string{"PROXY_ACCESS_KEY=canary-access-key"}),
		cli.WithProfiles([]string{"*"}), cli.WithInterpolation(true))
	if err != nil {
		return err
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, s := range p.Services {
		if s.Build != nil {
			if _, err := os.Stat(filepath.Join(s.Build.Context, "Dockerfile")); err != nil {
				return fmt.Errorf("service %s is built from where no Dockerfile is: %w", s.Name, err)
			}
		}
		for _, v := range s.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				return fmt.Errorf("service %s mounts what is not there: %w", s.Name, err)
			}
		}
		fmt.Println("compose service", s.Name)
	}
	// Without the access key it must refuse, not start open.
	o.Environment = map[string]string{}
	if _, err := o.LoadProject(context.Background()); err == nil {
		return fmt.Errorf("loads without PROXY_ACCESS_KEY")
	}
	return nil
}
