// Package passthrough holds what the relay needs where client and upstream speak the same format, Claude's, and the bytes
// go through as they are.
//
// On the way out a [Plan] applies the few edits that an adapter may ask for to the client's body, checks them, and leaves
// every other byte alone. On the way back a [Peeker] looks at the frames of a stream as they pass, and [PeekWhole] at a
// complete answer, to learn what the log, the balancer and the error handling need. Nothing here sends, waits or decides.
package passthrough
