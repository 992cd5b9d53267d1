package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

// CarriesKeysAway names the channels of new that would send a credential of old somewhere else: to another scheme, host or
// port, through another proxy, or trusting other certificates. Whoever asks for such a change without the file has to
// type the keys again, or confirm it with the admin key. Credentials are the keys and the header values of a channel,
// wherever in old they stood; those that are new in new do not count.
func CarriesKeysAway(old, new *config.Config) []string {
	went := make(map[string][]string) // the places to which a secret goes already
	for i := range old.Channels {
		c := &old.Channels[i]
		for _, secret := range credentials(c) {
			went[secret] = append(went[secret], destination(c))
		}
	}
	for _, k := range old.Auth.Keys {
		if !k.Key.Empty() {
			went[k.Key.Reveal()] = append(went[k.Key.Reveal()], "")
		}
	}
	var names []string
	for i := range new.Channels {
		c := &new.Channels[i]
		if slices.ContainsFunc(credentials(c), func(secret string) bool {
			places, known := went[secret]
			return known && !slices.Contains(places, destination(c))
		}) {
			names = append(names, c.Name)
		}
	}
	return names
}

// credentials are what a channel sends to prove who it is.
func credentials(c *config.Channel) []string {
	var list []string
	for _, k := range c.Keys {
		if !k.Secret.Empty() {
			list = append(list, k.Secret.Reveal())
		}
	}
	for _, h := range c.Headers {
		// Short values are words such as "blue", which many channels share.
		if v := h.Value.Reveal(); len(v) >= 8 {
			list = append(list, v)
		}
	}
	return list
}

// destination is everything that decides who gets to read what a channel sends.
func destination(c *config.Channel) string {
	host := "?" + c.BaseURL
	if u, err := c.Endpoint("/"); err == nil {
		host = strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
	}
	proxy := ""
	if u := c.ProxyURL.URL(); u != nil {
		proxy = strings.ToLower(u.Scheme + "://" + u.Host)
	}
	return fmt.Sprintf("%s via %q trusting %q skip %v", host, proxy, c.CAFile, c.InsecureSkipVerify)
}

// ErrReference: a reference was added that only the file itself may hold. The error names it.
var ErrReference = errors.New("this reference can be added in the file only")

// CheckReferences refuses what an edit through API or UI may not add: ${NAME} for a name that allow (plugins.env_allow of
// the configuration in force) does not list, and file:PATH. What stood in the same channel, or the same section, of the
// old text already may stay.
func CheckReferences(old, new []byte, allow []string) error {
	before, err := edit.References(old)
	if err != nil {
		before = nil // a file that cannot be read gives no right to anything
	}
	after, err := edit.References(new)
	if err != nil {
		return err
	}
	for _, r := range after {
		if name, ok := strings.CutPrefix(r.Text, "${"); ok && slices.Contains(allow, strings.TrimSuffix(name, "}")) {
			continue
		}
		if !slices.Contains(before, r) {
			return fmt.Errorf("%w: %s in %s (plugins.env_allow lists the variables that may be named)", ErrReference, r.Text, r.Home)
		}
	}
	return nil
}
