package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
)

// authority signs certificates.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	template := certificateFor(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der := must(x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key))
	a.cert = must(x509.ParseCertificate(der))
	a.file = writeFile(t, name+".pem", encodePEM("CERTIFICATE", der))
	return a
}

// issue returns the files of a new certificate for 127.0.0.1 and of its key.
func (a *authority) issue(name string) (certFile, keyFile string) {
	a.t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := certificateFor(name)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
	return writeFile(a.t, name+".pem", encodePEM("CERTIFICATE", der)), writeFile(a.t, name+".key", encodePEM("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key))))
}

func certificateFor(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// tlsDoor is a server with a certificate of an authority that a gateway trusts, or does not.
func tlsDoor(t testing.TB) door {
	known, unknown := newAuthority(t, "known"), newAuthority(t, "unknown")
	return door{
		name: "TLS", scheme: "tls", logs: "certificate signed by unknown authority",
		options: server.Options{TLS: true, TLSConfig: serverTLS(known, nil)},
		right:   bus.Connection{TLSCA: known.file},
		wrong:   bus.Connection{TLSCA: unknown.file},
	}
}

// mutualTLSDoor is a server that asks for the client's certificate as well.
func mutualTLSDoor(t testing.TB) door {
	own := newAuthority(t, "own")
	cert, key := own.issue("gateway")
	return door{
		name: "TLS with a client certificate", scheme: "tls", logs: "tls",
		options: server.Options{TLS: true, TLSVerify: true, TLSConfig: serverTLS(own, own)},
		right:   bus.Connection{TLSCA: own.file, TLSCert: cert, TLSKey: key},
		wrong:   bus.Connection{TLSCA: own.file},
	}
}

// serverTLS has a certificate of one authority, and demands one of another unless that is nil.
func serverTLS(own, clients *authority) *tls.Config {
	certFile, keyFile := own.issue("server")
	config := &tls.Config{Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(certFile, keyFile))}, MinVersion: tls.VersionTLS13}
	if clients != nil {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AddCert(clients.cert)
	}
	return config
}
