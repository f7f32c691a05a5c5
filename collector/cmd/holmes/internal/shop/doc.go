// Package shop is the service of holmes demo: a small shop on loopback with
// visitors of its own, which goes wrong when it is told to.
//
// What is wrong with it is in guilty.go, and when in faults.go. A shop that is
// closed has put everything back.
package shop
