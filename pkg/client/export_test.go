package client

import tickgatev1 "tickgate/proto/tickgate/v1"

// MessageOf decodes what a stream's RecvMsg was given, for interceptors of tests.
func MessageOf(m any) *tickgatev1.ServerMessage {
	message, err := m.(*received).message()
	if err != nil {
		panic(err)
	}
	return message
}
