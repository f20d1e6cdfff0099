package settings

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// masked stands for what is not shown.
const masked = "***"

// shown returns a value as it may stand in an error.
func (s *Set) shown(flag *pflag.Flag, value any) string {
	switch v := s.safe(flag, value).(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ",")
	default:
		return maskURL(fmt.Sprint(v))
	}
}

// safe returns a value without its secrets; one that has none is returned as it is.
func (s *Set) safe(flag *pflag.Flag, value any) any {
	_, secret := s.secrets[flag.Name]
	switch v := value.(type) {
	case string:
		if secret && v != "" {
			return masked
		}
		return maskURL(v)
	case []string:
		list := make([]string, len(v))
		for i := range v {
			list[i] = maskURL(v[i])
		}
		return list
	}
	if secret && value != nil {
		return masked
	}
	return value
}

// userinfo is everything from the scheme to the last @: of a list in one string too much is hidden rather than too little.
var userinfo = regexp.MustCompile(`(?s)://.*@`)

// maskURL hides the user, password or token of a URL.
func maskURL(text string) string { return userinfo.ReplaceAllString(text, "://"+masked+"@") }
