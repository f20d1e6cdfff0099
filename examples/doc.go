// Package examples holds programs to begin with, in folders of their own. Its test keeps the code that documents show the same as code that is compiled or run.
package examples
