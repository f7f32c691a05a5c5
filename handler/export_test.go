package handler

import "reflect"

// Plain is what JSON has of a value.
func Plain(v any) any { return plain(reflect.ValueOf(v)) }

// Snake is the name of a field in JSON.
func Snake(name string) string { return snake(name) }
