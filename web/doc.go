// Package web holds the page that the gateway serves to browsers, built and committed, so that Go alone builds the gateway. The sources beside it are
// TypeScript; README.md in this folder tells how they are built and tested.
//
// # Use
//
//	http.FileServerFS(web.Dist())
//
// # Concurrency
//
// Dist may be called by many goroutines at once.
//
// # Slow readers
//
// None: the files are in memory.
//
// # Limits
//
// The files are those of the last `npm run build`; CI builds them again and compares. All but index.html and theme.js carry a hash of their content in
// their names, and may be cached for ever.
package web
