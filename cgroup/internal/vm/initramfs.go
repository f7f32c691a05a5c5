package vm

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// File is a program in the initramfs.
type File struct {
	Path string // in the initramfs, beginning with a slash
	From string // where its content is
}

// WriteInitramfs writes an archive that the kernel unpacks into its first file system, in the form "newc" of cpio: each
// file is a header of hexadecimal numbers, its name and its content, the latter two filled up to a multiple of 4 bytes.
// All directories are made by init.
func WriteInitramfs(to io.Writer, files ...File) error {
	w := bufio.NewWriter(to)
	for i, f := range files {
		content, err := os.ReadFile(f.From)
		if err != nil {
			return err
		}
		writeEntry(w, entry{inode: i + 1, mode: regular | 0o755, name: strings.TrimPrefix(f.Path, "/"), content: content})
	}
	writeEntry(w, entry{name: "TRAILER!!!"})
	return w.Flush()
}

// regular is the type of a file in the bits of its mode.
const regular = 0o100000

type entry struct {
	inode, mode int
	name        string
	content     []byte
}

// writeEntry leaves errors to Flush.
func writeEntry(w *bufio.Writer, e entry) {
	const user, group, links, time, device, checksum = 0, 0, 1, 0, 0, 0
	name := e.name + "\x00"
	n, _ := fmt.Fprint(w, "070701")
	for _, field := range []int{
		e.inode, e.mode, user, group, links, time, len(e.content), device, device, device, device, len(name), checksum,
	} {
		digits, _ := fmt.Fprintf(w, "%08x", field)
		n += digits
	}
	w.WriteString(name)
	fill(w, n+len(name))
	w.Write(e.content)
	fill(w, len(e.content))
}

// fill writes what is missing from n to the next multiple of 4.
func fill(w *bufio.Writer, n int) { w.Write(make([]byte, -n&3)) }
