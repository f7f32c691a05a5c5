package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// A function identifies a function of the profiles of a case.
type function int32

// none is blamed for the work of the runtime, and for stacks without symbols.
const none function = 0

// A functionInfo is what the symbol of a function says.
type functionInfo struct {
	symbol string   // canonical
	outer  function // the function that this one is a closure of, or none
	origin origin
	mark   mark
}

// Functions are the functions of all profiles of a case.
type functions struct {
	options Options
	ids     map[string]function // by symbol, canonical or not
	all     []functionInfo
	stack   []pprofread.Call // reused by calls
}

func newFunctions(o Options) *functions {
	return &functions{options: o, ids: map[string]function{"": none}, all: make([]functionInfo, 1, 1024)}
}

func (fs *functions) id(symbol, file string) function {
	if id, ok := fs.ids[symbol]; ok {
		return id
	}
	name := canonical(symbol)
	id, ok := fs.ids[name]
	if !ok {
		p := functionInfo{symbol: name, origin: fs.options.origin(name, file), mark: markOf(name)}
		if outer := enclosing(name); p.origin == originOwn && outer != "" {
			p.outer = fs.id(outer, file)
		}
		id = function(len(fs.all))
		fs.all = append(fs.all, p)
		fs.ids[name] = id
	}
	fs.ids[symbol] = id
	return id
}

// A view is a profile with its functions identified and its stacks read.
type view struct {
	*pprofread.Profile
	functions *functions
	ids       []function // by index of the profile
	readings  []reading  // by sample
}

func (fs *functions) view(p *Profile) *view {
	v := &view{Profile: p, functions: fs}
	if p == nil {
		return v
	}
	v.ids = make([]function, p.Functions())
	for i := range v.ids {
		v.ids[i] = fs.id(p.Function(uint32(i)))
	}
	v.readings = make([]reading, p.Len())
	for i := range v.readings {
		v.readings[i] = v.read(p.Sample(i))
	}
	return v
}

// calls returns the stack of a sample. It is valid until the next call.
func (v *view) calls(s sample) []pprofread.Call {
	v.functions.stack = s.Calls(v.functions.stack[:0])
	return v.functions.stack
}
