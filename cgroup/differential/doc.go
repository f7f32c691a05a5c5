// Package differential compares the limits that package cgroup finds with those
// that github.com/KimMachineGun/automemlimit finds, in every fixture and in real
// groups. It is a module of its own, so that users of holmes do not depend on
// automemlimit.
package differential
