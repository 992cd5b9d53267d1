// Package adaptertest is the conformance kit: it plays recorded cases against an adapter and checks what the contract
// promises for each of them.
//
// README.md describes the format of the cases and the checks. Run is for go test; Load and Suite.Check do the same on plain
// data, for tools. A Suite and its cases are not safe for concurrent use.
package adaptertest
