// Command bare is the service without a watcher.
package main

import "github.com/go-holmes/holmes/bench/internal/subject"

func main() { subject.Main(subject.Watcher{Path: "none"}) }
