// Package jsonread reads the JSON that holmes has written back into its structs, as
// [json.Unmarshal] does. A program has the encoder of encoding/json anyway, with
// log/slog; the decoder would add 85 KB to it.
package jsonread

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Unmarshal reads JSON into the struct that to points to, which has its zero value. Its
// fields are found by their tags, and may be structs and pointers to them, slices, maps
// whose keys are strings, strings, bools, numbers of 64 bits and [time.Time]. Others
// are ignored, as are unknown names.
func Unmarshal(raw []byte, to any) error {
	if err := json.Compact(new(bytes.Buffer), raw); err != nil {
		return err
	}
	d := decoder{rest: raw}
	d.value(d.token(), reflect.ValueOf(to).Elem())
	return d.err
}

// A decoder reads valid JSON. Commas and colons are where they have to be, and say
// nothing more.
type decoder struct {
	rest []byte
	err  error // of the first value that is of another type than its field
}

const blank = " \t\r\n,:"

var timeType = reflect.TypeFor[time.Time]()

// token returns the next bracket, string with its quotes, number or word.
func (d *decoder) token() []byte {
	n := 0
	for strings.IndexByte(blank, d.rest[n]) >= 0 {
		n++
	}
	from := d.rest[n:]
	n = 1
	switch from[0] {
	case '{', '}', '[', ']':
	case '"':
		for ; from[n] != '"'; n++ {
			if from[n] == '\\' {
				n++
			}
		}
		n++
	default:
		for n < len(from) && strings.IndexByte(blank+"]}", from[n]) < 0 {
			n++
		}
	}
	d.rest = from[n:]
	return from[:n]
}

// value reads the value that begins with a token. It is skipped if to is invalid, and
// null is no value.
func (d *decoder) value(token []byte, to reflect.Value) {
	if to.Kind() == reflect.Pointer && token[0] != 'n' {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	fits := true
	switch token[0] {
	case 'n':
	case '{':
		fits = d.object(to)
	case '[':
		fits = d.array(to)
	default:
		fits = scalar(token, to)
	}
	if !fits && to.IsValid() && d.err == nil {
		d.err = fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", what(token), to.Type())
	}
}

// what is encoding/json's name for a value.
func what(token []byte) string {
	switch token[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	default:
		return "number " + string(token)
	}
}

func (d *decoder) object(to reflect.Value) (fits bool) {
	isMap := to.Kind() == reflect.Map
	if isMap {
		to.Set(reflect.MakeMap(to.Type()))
	}
	for t := d.token(); t[0] != '}'; t = d.token() {
		name := text(t)
		if !isMap {
			d.value(d.token(), field(to, name))
			continue
		}
		v := reflect.New(to.Type().Elem()).Elem()
		d.value(d.token(), v)
		to.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), v)
	}
	return isMap || to.Kind() == reflect.Struct && to.Type() != timeType
}

// field returns the field whose tag has the name, or an invalid value.
func field(of reflect.Value, name string) reflect.Value {
	for i := 0; of.Kind() == reflect.Struct && i < of.NumField(); i++ {
		if tag, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("json"), ","); tag == name && tag != "" && tag != "-" {
			return of.Field(i)
		}
	}
	return reflect.Value{}
}

func (d *decoder) array(to reflect.Value) (fits bool) {
	fits = to.Kind() == reflect.Slice
	var v reflect.Value
	if fits {
		to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	}
	for t := d.token(); t[0] != ']'; t = d.token() {
		if fits {
			v = reflect.New(to.Type().Elem()).Elem()
		}
		d.value(t, v)
		if fits {
			to.Set(reflect.Append(to, v))
		}
	}
	return fits
}

// scalar sets to to a string, a bool or a number.
func scalar(token []byte, to reflect.Value) (fits bool) {
	var err error
	switch quoted := token[0] == '"'; {
	case !to.IsValid():
		return false
	case quoted && to.Kind() == reflect.String:
		to.SetString(text(token))
	case quoted && to.Type() == timeType:
		var at time.Time
		at, err = time.Parse(time.RFC3339, text(token))
		to.Set(reflect.ValueOf(at))
	case to.Kind() == reflect.Bool:
		to.SetBool(token[0] == 't')
		return token[0] == 't' || token[0] == 'f'
	case to.Kind() == reflect.Float64:
		var n float64
		n, err = strconv.ParseFloat(string(token), 64)
		to.SetFloat(n)
	case to.Kind() == reflect.Int, to.Kind() == reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(string(token), 10, 64)
		to.SetInt(n)
	case to.Kind() == reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(string(token), 10, 64)
		to.SetUint(n)
	default:
		return false
	}
	return err == nil
}

// text returns what a string with quotes says. What is no UTF-8 becomes U+FFFD.
func text(quoted []byte) string {
	var out []byte
	for in := quoted[1 : len(quoted)-1]; len(in) > 0; {
		r, n := utf8.DecodeRune(in)
		if r == '\\' {
			r, n = escaped(in)
		}
		out, in = utf8.AppendRune(out, r), in[n:]
	}
	return string(out)
}

// escaped returns the character of an escape sequence, and the length of that.
func escaped(in []byte) (rune, int) {
	if i := strings.IndexByte("bfnrt", in[1]); i >= 0 {
		return rune("\b\f\n\r\t"[i]), 2
	}
	if in[1] != 'u' {
		return rune(in[1]), 2
	}
	r := hex(in[2:6])
	if len(in) >= 12 && in[6] == '\\' && in[7] == 'u' {
		if both := utf16.DecodeRune(r, hex(in[8:12])); both != utf8.RuneError {
			return both, 12
		}
	}
	return r, 6
}

func hex(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits), 16, 16) // valid, as all of it
	return rune(n)
}
