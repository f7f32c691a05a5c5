// Package vm runs the tests of package cgroup on real kernels, in virtual machines: with all controllers in v2, all in
// v1, and one of them in each. The machine that a test runs on has one such layout, which cannot be changed.
//
// Each machine boots from an initramfs that holds two static programs: init, which mounts the control groups of one
// layout, and the tests, compiled by "go test -c". Their output and their exit code come back over the serial console.
// The processor is emulated, so that it works wherever QEMU does, in ten to twenty seconds for each layout.
//
// "make test-cgroup-vm" runs it, and fails where it cannot. Without that it is skipped: a virtual machine that shares two
// cores with all other tests tells little, and makes them late.
//
//	layout.go     Layout: what is mounted, and which tests must pass there
//	machine.go    Machine: one boot, from power on to the end of the console
//	initramfs.go  the file system that the kernel unpacks into memory
//	parts.go      QEMU and the kernel: whether they are there, and how to get them
//	report.go     Report: what the console tells
//	init/         the first program of the machine
package vm
