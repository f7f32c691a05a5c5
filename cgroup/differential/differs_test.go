package differential

// differs are the fixtures in which the two find different limits, and why
// holmes goes its own way there.
var differs = map[string]string{
	"leaf-not-there": "the process's own directory does not show, its parents do and their limits hold; the other gives up",
	"octal-escapes":  "a mount point with blanks and backslashes; the other does not undo the escapes",
	"truncated":      "one line of mountinfo is cut off; the other reads none of them then",
	"v1-huge-limits": "no limit, as kernels with 64 KiB pages say it; the other takes it for one",
	"zero-limit":     "a limit of 0 bytes is one; the other's 0 stands for none",
}
