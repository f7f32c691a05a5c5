package vm_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// fakeEnv makes this binary play QEMU, in one of these parts.
const (
	fakeEnv   = "HOLMES_VM_FAKE"
	partEnds  = "ends"
	partFails = "fails"
	partHangs = "hangs"
)

func TestMain(m *testing.M) {
	switch os.Getenv(fakeEnv) {
	case partEnds:
		fmt.Print("one\r\ntwo\n")
	case partFails:
		fmt.Fprintln(os.Stderr, "no such kernel")
		os.Exit(1)
	case partHangs:
		fmt.Println("booting")
		<-time.After(deadline)
	default:
		goleak.VerifyTestMain(m)
	}
}
