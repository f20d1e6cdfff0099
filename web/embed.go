package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built page; index.html is at its root.
func Dist() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only if the folder that is embedded above had another name
	}
	return page
}
