package orders

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
)

// A Validator looks whether an order can be carried out.
type Validator struct {
	// Thorough looks at every item too.
	Thorough bool
}

// ServeHTTP answers whether an order is all right.
func (v *Validator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fields := []struct{ name, value, pattern string }{
		{"email", o.Email, `^[a-zA-Z0-9._%+-]{1,64}@[a-zA-Z0-9.-]{1,255}\.[a-zA-Z]{2,24}$`},
		{"phone", o.Phone, `^\+?[0-9 ()/-]{6,24}$`},
		{"zip", o.Zip, `^([0-9]{5}|[A-Z]{1,2}[0-9]{1,2} ?[0-9][A-Z]{2})$`},
	}
	check := v.fits
	for _, f := range fields {
		if err := check(f.name, f.value, f.pattern); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if v.Thorough {
		for i, item := range o.Items {
			name := fmt.Sprintf("item %d", i)
			if err := check(name, fmt.Sprint(item.Product), `^[1-9][0-9]{0,11}|0$`); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
	}
}

// fits reports a field that is not as it should be.
func (v *Validator) fits(name, value, pattern string) error {
	ok, err := regexp.MatchString(pattern, value)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: %q is none", name, value)
	}
	return nil
}
