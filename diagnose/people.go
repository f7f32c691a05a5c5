package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// A who is a function of any of the profiles of a case. 0 is nobody.
type who int32

// nobody is blamed for what the runtime does, and for what has no symbols.
const nobody who = 0

// A person is what is known of a function whatever it did.
type person struct {
	symbol string // canonical
	outer  who    // the function that this one is a closure of, nobody for none
	origin origin
	mark   mark
}

// People are the functions of all profiles of a case, each looked at once.
type people struct {
	options Options
	ids     map[string]who // by symbol, canonical or not
	all     []person
	stack   []pprofread.Call // to use again
}

func newPeople(o Options) *people {
	return &people{options: o, ids: map[string]who{"": nobody}, all: make([]person, 1, 1024)}
}

func (b *people) id(symbol string) who {
	if id, ok := b.ids[symbol]; ok {
		return id
	}
	name := canonical(symbol)
	id, ok := b.ids[name]
	if !ok {
		p := person{symbol: name, origin: b.options.origin(name), mark: markOf(name)}
		if outer := enclosing(name); p.origin == originOwn && outer != "" {
			p.outer = b.id(outer)
		}
		id = who(len(b.all))
		b.all = append(b.all, p)
		b.ids[name] = id
	}
	b.ids[symbol] = id
	return id
}

// A view is a profile whose functions are known.
type view struct {
	*pprofread.Profile
	people   *people
	who      []who     // by function
	readings []reading // by sample
}

func (b *people) view(p *Profile) *view {
	v := &view{Profile: p, people: b}
	if p == nil {
		return v
	}
	v.who = make([]who, p.Functions())
	for i := range v.who {
		name, _ := p.Function(uint32(i))
		v.who[i] = b.id(name)
	}
	v.readings = make([]reading, p.Len())
	for i := range v.readings {
		v.readings[i] = v.read(p.Sample(i))
	}
	return v
}

// calls is the stack of a sample, until it is asked for the next one.
func (v *view) calls(s sample) []pprofread.Call {
	v.people.stack = s.Calls(v.people.stack[:0])
	return v.people.stack
}
