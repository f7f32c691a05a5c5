package merge

// Bytes is what a fold thinks that it takes.
func Bytes(f *Fold) int64 { return f.bytes }
