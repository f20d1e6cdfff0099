package websocket_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/websocket"
)

// rawSocket is a WebSocket whose frames are made by hand.
type rawSocket struct {
	t      *testing.T
	conn   net.Conn
	reader *bufio.Reader
}

func openRaw(t *testing.T, g *gatewaytest.Gateway) *rawSocket {
	t.Helper()
	conn, err := net.Dial("tcp", g.Addresses().Web)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(gatewaytest.Patience))
	s := &rawSocket{t: t, conn: conn, reader: bufio.NewReader(conn)}
	if _, err := fmt.Fprintf(conn, "GET /v1/stream HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", g.Addresses().Web, websocket.SubprotocolJSON); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(s.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // empty: what follows is frames
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", response.Status)
	}
	return s
}

// Opcodes, with the bit of a message's last frame.
const (
	finalText  = 0x81
	finalClose = 0x88
	finalPing  = 0x89
	finalPong  = 0x8a
)

// write sends bytes as they are. The gateway may have had enough and be gone.
func (s *rawSocket) write(bytes ...byte) { _, _ = s.conn.Write(bytes) }

// send sends a frame, masked with zeros.
func (s *rawSocket) send(opcode byte, payload string) {
	s.write(append([]byte{opcode, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload)), 0, 0, 0, 0}, payload...)...)
}

// sendControl is send for the short form, which control frames must have.
func (s *rawSocket) sendControl(opcode byte) { s.write(opcode, 0x80, 0, 0, 0, 0) }

// receive returns the next frame.
func (s *rawSocket) receive() (opcode byte, payload string, err error) {
	var header [2]byte
	if _, err := io.ReadFull(s.reader, header[:]); err != nil {
		return 0, "", err
	}
	length := uint64(header[1])
	switch length {
	case 126:
		var long [2]byte
		_, err = io.ReadFull(s.reader, long[:])
		length = uint64(binary.BigEndian.Uint16(long[:]))
	case 127:
		var long [8]byte
		_, err = io.ReadFull(s.reader, long[:])
		length = binary.BigEndian.Uint64(long[:])
	}
	if err != nil {
		return 0, "", err
	}
	body := make([]byte, length)
	_, err = io.ReadFull(s.reader, body)
	return header[0], string(body), err
}

// closed receives until the gateway closes, and returns how.
func (s *rawSocket) closed() (code int, reason string) {
	s.t.Helper()
	for {
		opcode, payload, err := s.receive()
		switch {
		case err != nil:
			s.t.Fatalf("the WebSocket ended without a close frame: %v", err)
		case opcode == finalClose:
			return int(binary.BigEndian.Uint16([]byte(payload))), payload[2:]
		}
	}
}

// checkClosed demands how the gateway closes, and lets it.
func (s *rawSocket) checkClosed(code int, reason string) {
	s.t.Helper()
	defer s.sendControl(finalClose)
	if gotCode, gotReason := s.closed(); gotCode != code || !strings.Contains(gotReason, reason) {
		s.t.Errorf("closed with %d %q, want %d and a reason with %q", gotCode, gotReason, code, reason)
	}
}

// ended returns how many streams have ended for a reason.
func ended(t *testing.T, g *gatewaytest.Gateway, reason string) int {
	t.Helper()
	return metric(t, g, `tickgate_streams_ended_total{reason="`+reason+`"}`)
}

func metric(t *testing.T, g *gatewaytest.Gateway, name string) int {
	t.Helper()
	response, err := http.Get("http://" + g.Addresses().Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\d+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("there is no metric %s", name)
	}
	value, _ := strconv.Atoi(string(found[1]))
	return value
}

var errBroken = errors.New("broken for the test")
