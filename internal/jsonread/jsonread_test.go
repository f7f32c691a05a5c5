package jsonread_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/jsonread"
)

type (
	word  string
	inner struct {
		Text  string          `json:"text"`
		Parts []inner         `json:"parts,omitempty"`
		By    map[word]uint64 `json:"by"`
	}
	outer struct {
		Text   string            `json:"text"`
		Word   word              `json:"word,omitempty"`
		Flag   bool              `json:"flag"`
		Float  float64           `json:"float"`
		Int    int               `json:"int"`
		Int64  int64             `json:"int64"`
		Uint   uint64            `json:"uint"`
		At     time.Time         `json:"at,omitzero"`
		In     inner             `json:"in"`
		To     *inner            `json:"to,omitempty"`
		Floats []float64         `json:"floats"`
		Labels map[string]string `json:"labels"`
		Hidden string            `json:"-"`
	}
)

var documents = []string{
	`{}`, `null`, " {\n\t\"text\" : \"a\" ,\r\n\"flag\":true } ", `{"text":""}`,
	`{"text":"\"\\\/\b\f\n\r\tä\u00e4\ud83d\ude00\ud83d\ud83dx\ude00\ud83d\u0041\u2028"}`,
	"{\"text\":\"\xff\xfea\xed\xa0\x80\",\"word\":\"b\"}",
	`{"float":-1.5e-3,"int":-7,"int64":9223372036854775807,"uint":18446744073709551615}`,
	`{"float":1e999}`, `{"int":1.5}`, `{"int":9223372036854775808}`, `{"uint":-1}`, `{"int":true}`, `{"flag":1}`, `{"flag":null}`,
	`{"at":"2026-01-02T03:04:05.678+02:00"}`, `{"at":"yesterday"}`, `{"at":5}`, `{"at":{}}`, `{"at":null}`,
	`{"in":{"text":"x","parts":[{"text":"y"},{}],"by":{"a":1,"b":2}},"to":{"by":{}}}`,
	`{"to":null}`, `{"to":"x"}`, `{"to":[]}`, `{"in":null}`, `{"in":{"by":{"a":"x"}}}`,
	`{"floats":[]}`, `{"floats":[1, 2,3]}`, `{"floats":null}`, `{"floats":{"a":1}}`, `{"floats":["1"]}`,
	`{"labels":{"a":"b"," , :":" , : ] }"}}`, `{"labels":{}}`, `{"labels":[]}`, `{"labels":{"a":1}}`,
	`{"later":[[{"text":[1,{"a":{}}]}],true,null,-0.1],"text":"x","-":"y","hidden":"z","":"e"}`,
	`[]`, `"x"`, `5`, `true`, ``, `{`, `{"text":"a"`, `{"text":"a",}`, `{"text" "a"}`, `{"text":"\x"}`, `{"text":"\u12"}`, `{"int":01}`, `{} {}`,
}

// What encoding/json reads, and what it refuses.
func TestUnmarshalIsThatOfEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		t.Run(doc, func(t *testing.T) {
			var want, got outer
			refused := json.Unmarshal([]byte(doc), &want)
			err := jsonread.Unmarshal([]byte(doc), &got)
			require.Equal(t, refused != nil, err != nil, "%v, %v", refused, err)
			if err == nil {
				require.Equal(t, want, got)
			}
		})
	}
}

func TestErrorNamesTheValue(t *testing.T) {
	require.EqualError(t, jsonread.Unmarshal([]byte(`{"int":"x","flag":7}`), &outer{}), "json: cannot unmarshal string into Go value of type int")
	require.EqualError(t, jsonread.Unmarshal([]byte(`{`), &outer{}), "unexpected end of JSON input")
	require.EqualError(t, jsonread.Unmarshal([]byte(`[]`), &outer{}), "json: cannot unmarshal array into Go value of type jsonread_test.outer")
	require.EqualError(t, jsonread.Unmarshal([]byte(`{"int":1.5}`), &outer{}), "json: cannot unmarshal number 1.5 into Go value of type int")
}

// Whatever was written is read; whatever is there does no harm.
func FuzzUnmarshal(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		_ = jsonread.Unmarshal(doc, &outer{})
		var want, got outer
		if json.Unmarshal(doc, &want) != nil {
			return
		}
		written, err := json.Marshal(want)
		require.NoError(t, err)
		want = outer{}
		require.NoError(t, json.Unmarshal(written, &want))
		require.NoError(t, jsonread.Unmarshal(written, &got))
		require.Equal(t, want, got)
	})
}
