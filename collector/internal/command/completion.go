package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector"
)

const completionEssay = `
holmes completion prints the script with which a shell completes the commands, flags and types of holmes:

  source <(holmes completion bash)              # in ~/.bashrc
  source <(holmes completion zsh)               # in ~/.zshrc, after compinit
  holmes completion fish | source               # in ~/.config/fish/config.fish`

// scripts ask this program for the words that fit.
func scripts() map[string]string {
	return map[string]string{
		"bash": `_holmes() {
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _holmes holmes
`,
		"zsh": `#compdef holmes
_holmes() {
	local -a fitting
	fitting=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n ${fitting[1]} ]]; then compadd -a fitting; else _files; fi
}
compdef _holmes holmes
`,
		"fish": `function __holmes_complete
	set -l words (commandline -opc) (commandline -ct)
	$words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c holmes -a '(__holmes_complete)'
`,
	}
}

func runCompletion(_ context.Context, std Std, args []string) error {
	s := newSettings("completion", completionEssay)
	s.args = "bash|zsh|fish"
	if err := s.parse(std, args); err != nil {
		return err
	}
	script, ok := scripts()[s.flags.Arg(0)]
	if !ok || s.flags.NArg() != 1 {
		return usageError{fmt.Errorf("holmes completion: %q is none of bash, zsh, fish", strings.Join(s.flags.Args(), " "))}
	}
	_, err := io.WriteString(std.Out, script)
	return err
}

// runComplete prints the words that fit as the last one, one a line. Without one,
// the shell completes the names of files.
func runComplete(ctx context.Context, std Std, args []string) error {
	last := ""
	if len(args) > 0 {
		last = args[len(args)-1]
	}
	for _, word := range candidates(ctx, std, args) {
		if strings.HasPrefix(word, last) {
			fmt.Fprintln(std.Out, word)
		}
	}
	return nil
}

// candidates are the words that may come last.
func candidates(ctx context.Context, std Std, args []string) (words []string) {
	if len(args) < 2 || args[0] == "help" && len(args) == 2 {
		for _, c := range commands() {
			words = append(words, c.name)
		}
		return append(words, "help")
	}
	if args[0] == "completion" {
		return []string{"bash", "zsh", "fish"}
	}
	flags := flagsOf(ctx, std, args[0])
	before, last := args[len(args)-2], args[len(args)-1]
	if values := valuesOf(flags, before); len(args) > 2 && values != nil {
		return values
	}
	if !strings.HasPrefix(last, "-") {
		return nil
	}
	dashes := "-"
	if strings.HasPrefix(last, "--") {
		dashes = "--"
	}
	for _, f := range flags {
		words = append(words, dashes+f.Name)
	}
	return append(words, dashes+"help")
}

// flagsOf returns the flags of a command.
func flagsOf(ctx context.Context, std Std, name string) (flags []*flag.Flag) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	std.inspect = func(set *flag.FlagSet) {
		set.VisitAll(func(f *flag.Flag) { flags = append(flags, f) })
	}
	if err := all[i].run(ctx, std, nil); !errors.Is(err, errHelp) {
		return nil
	}
	return flags
}

// valuesOf returns the values of a flag, if they are known.
func valuesOf(flags []*flag.Flag, word string) (values []string) {
	name := strings.TrimLeft(word, "-")
	if name == word || !slices.ContainsFunc(flags, func(f *flag.Flag) bool { return f.Name == name }) {
		return nil
	}
	switch name {
	case "type":
		for _, k := range collector.Kinds() {
			values = append(values, string(k))
		}
		return values
	case "signal":
		return []string{"cpu", "mem", "gcheap", "goroutine", "thread", "gccpu", "schedlat", "mutexwait"}
	case "state":
		return []string{"confirmed", "unconfirmed"}
	case "over":
		return []string{"total", "rate", "latest"}
	case "instances":
		return []string{"sum", "mean"}
	case "log-format":
		return []string{"console", "json"}
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	default:
		return nil
	}
}
