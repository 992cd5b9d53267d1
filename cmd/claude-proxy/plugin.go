package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/wasm"
)

func newPlugin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Make, build, test and look into adapters that are plugins",
		Long: "Make, build, test and look into adapters that are plugins (.wasm files).\n\n" +
			"  claude-proxy plugin new acme       a complete project for a new adapter\n" +
			"  claude-proxy plugin test acme      build it and judge it\n" +
			"  claude-proxy plugin dev acme       do so after every change, in a proxy that runs\n" +
			"  claude-proxy plugin build acme -o plugins/acme.wasm",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPluginNew(), newPluginBuild(), newPluginInspect(), newPluginTest(), newPluginDev())
	return cmd
}

// pluginLoader loads plugins as the proxy does. Compiled code is kept in the user's cache folder, where there is one, so
// that the second look at a plugin is quick.
func pluginLoader() *wasm.Loader {
	var c wasm.Config
	if dir, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(dir, "claude-proxy", "plugins")
		if os.MkdirAll(dir, 0o700) == nil {
			c.CacheDir = dir
		}
	}
	return wasm.NewLoader(c)
}

// folderOf is the command's folder: the one argument, or the current one.
func folderOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// countText is a large count for people.
func countText(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%d M", n/1_000_000)
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%d k", n/1000)
	}
	return fmt.Sprint(n)
}
