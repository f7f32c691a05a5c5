package scenario

import (
	"regexp"
	"strings"
	"time"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/bench/scenario/shop"
)

// Module is the path of this module.
const Module = "github.com/go-holmes/holmes/bench/scenario"

// A Scenario is one fault of the shop, or a control without one.
type Scenario struct {
	// Name is the name in the table. The first of several variants has the name of
	// the fault alone.
	Name string
	// Signals are those that may show it. None means a control, in which no
	// function may be named with confidence.
	Signals []holmes.Signal
	// Guilty are the functions that a developer would change to fix it, as in the
	// symbol table and without [Module]/shop/. A name includes its closures.
	Guilty []string
	// Patience is how long to wait for the event; 0 stands for 20 s.
	Patience time.Duration
	// Pace is the pace of the shop, 0 for 1. Open, if not nil, adds parts of the
	// scenario that run in calm times already.
	Pace float64
	Open func(s *shop.Shop) error
	// Fault begins the fault, and returns. It ends with the shop.
	Fault func(s *shop.Shop) error
}

// Control reports whether nothing is wrong.
func (s Scenario) Control() bool { return len(s.Signals) == 0 }

// GuiltySymbols are the full names of the guilty functions.
func (s Scenario) GuiltySymbols() []string {
	full := make([]string, 0, len(s.Guilty))
	for _, g := range s.Guilty {
		full = append(full, Module+"/shop/"+g)
	}
	return full
}

// Blames reports whether a function of a profile is a guilty one.
func (s Scenario) Blames(function string) bool {
	plain := Plain(function)
	for _, g := range s.GuiltySymbols() {
		if plain == g || plain == Plain(g) && !strings.Contains(g, ".func") || plainType(function) == g {
			return true
		}
	}
	return false
}

// closure matches the suffix that the compiler appends to the name of a function for
// closures, deferred calls and method values.
var closure = regexp.MustCompile(`(\.(func|gowrap|deferwrap)?\d+|-fm|-range\d+)+$`)

// Plain is the name of the function that a symbol belongs to: without type
// arguments, and without what the compiler appends for closures.
func Plain(symbol string) string {
	return closure.ReplaceAllString(plainType(symbol), "")
}

// plainType is a symbol without type arguments.
func plainType(symbol string) string {
	for {
		from := strings.IndexByte(symbol, '[')
		if from < 0 {
			return symbol
		}
		depth, to := 0, len(symbol)
		for i := from; i < len(symbol); i++ {
			switch symbol[i] {
			case '[':
				depth++
			case ']':
				depth--
			}
			if depth == 0 {
				to = i + 1
				break
			}
		}
		symbol = symbol[:from] + symbol[to:]
	}
}
