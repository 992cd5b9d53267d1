//go:build race

package main

// The race detector makes loading a plugin many times slower.
func init() { swaps = 25 }
