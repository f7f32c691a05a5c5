// Package differential holds the limits that package cgroup finds against those
// that github.com/KimMachineGun/automemlimit finds, in every fixture and in real
// groups. It is a module of its own, so that nobody who uses holmes gets the
// other one too.
package differential
