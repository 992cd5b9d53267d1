// Command deploycheck holds the files that people deploy from against the libraries that will read them.
//
//	deploycheck chart HELM DIR OUT  has the helm command render a chart with several sets of values and decodes each object
//	                                strictly into its Kubernetes type; the plugins.yaml of each set is written to OUT
//	deploycheck compose FILE        loads a compose file with all its profiles
//	deploycheck goreleaser FILE     loads a GoReleaser configuration strictly
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "deploycheck:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "chart":
		return chart(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "compose":
		return compose(args[1])
	case len(args) == 2 && args[0] == "goreleaser":
		return goreleaser(args[1])
	}
	return fmt.Errorf("usage: deploycheck chart HELM DIR OUT | compose FILE | goreleaser FILE")
}
