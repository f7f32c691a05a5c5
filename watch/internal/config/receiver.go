package config

import (
	"errors"
	"fmt"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// A Receiver is where events go. In the file it is an address, or a mapping.
type Receiver struct {
	Type      string         `yaml:"type"` // of a reporter, such as slack
	URL       string         `yaml:"url"`
	TokenFile string         `yaml:"token_file"`
	CAFile    string         `yaml:"ca_file"`
	Timeout   model.Duration `yaml:"timeout"`
	PlainHTTP bool           `yaml:"plain_http"` // over http to another machine
	Link      string         `yaml:"link"`       // template of a link in a message
	// Only passes on the events whose labels have these values: a team's.
	Only map[string]string `yaml:"only"`
}

// UnmarshalYAML reads an address, or a mapping.
func (r *Receiver) UnmarshalYAML(unmarshal func(any) error) error {
	var address string
	if unmarshal(&address) == nil {
		*r = Receiver{URL: address}
		return nil
	}
	type plain Receiver
	return unmarshal((*plain)(r))
}

func (r *Receiver) check() error {
	switch {
	case r.Type == "":
		return errors.New("reporters: type is missing")
	case r.URL == "":
		return fmt.Errorf("reporters: %s: url is missing", r.Type)
	}
	return nil
}

// Wait returns how long a delivery may take, and 0 for the reporter's default.
func (r *Receiver) Wait() time.Duration { return time.Duration(r.Timeout) }

func (r *Receiver) setDirectory(dir string) {
	r.TokenFile, r.CAFile = promconfig.JoinDir(dir, r.TokenFile), promconfig.JoinDir(dir, r.CAFile)
}
