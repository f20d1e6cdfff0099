"""Plays back what a gateway has recorded into a strategy, and prints its signals. Played again, at any speed, it prints the same.

    protoc -I proto --python_out=stubs --grpc_python_out=stubs --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
        tickgate/v1/market_data.proto
    PYTHONPATH=stubs python3 examples/replay/replay.py 127.0.0.1:50051 10 BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_SPOT

main.go is the same in Go.
"""

import decimal
import queue
import sys

import grpc

from tickgate.v1 import market_data_pb2 as api
from tickgate.v1 import market_data_pb2_grpc as services

MAX_SPEED = float("inf")
IMBALANCE = 4  # so many times the other side


class Ticker:
    """The newest of one symbol: mantissas as they come, and the digits after the point. None: there is none."""

    def __init__(self, symbol):
        self.symbol, self.price_scale, self.size_scale = symbol, 0, 0
        self.bid_price = self.bid_size = self.ask_price = self.ask_size = None

    def merge(self, update):
        if update.snapshot:
            self.bid_price = self.bid_size = self.ask_price = self.ask_size = None
        quote = update.quote
        if quote.bid_cleared:
            self.bid_price = self.bid_size = None
        if quote.ask_cleared:
            self.ask_price = self.ask_size = None
        for field in ("bid_price", "bid_size", "ask_price", "ask_size"):
            if quote.HasField(field):
                setattr(self, field, getattr(quote, field))

    def price(self, mantissa):
        return "" if mantissa is None else f"{decimal.Decimal(mantissa).scaleb(-self.price_scale):.{self.price_scale}f}"


class Playback:
    """A playback that its owner steers and iterates over: (clock in nanoseconds, event), where an event is a Ticker that has changed, or a message of the API."""

    def __init__(self, channel, **what):
        self._commands = queue.SimpleQueue()
        self._events = services.MarketDataStub(channel).Replay(iter(self._commands.get, None))
        self._tickers = {}
        self._send(open=api.ReplayOpen(**what))

    def pause(self):
        self._send(pause=api.ReplayPause())

    def resume(self):
        self._send(resume=api.ReplayResume())

    def seek(self, nanoseconds):
        self._send(seek=api.ReplaySeek(to=nanoseconds))

    def set_speed(self, speed):
        self._send(set_speed=api.ReplaySetSpeed(speed=speed))

    def close(self):
        self._send(close=api.ReplayClose())

    def _send(self, **command):
        self._commands.put(api.ReplayCommand(request_id=1, **command))  # its answer has the number, too

    def __iter__(self):
        for event in self._events:
            what = event.WhichOneof("event")
            if what != "batch":
                yield event.clock, getattr(event, what)
                continue
            for instrument in event.batch.instruments:
                ticker = self._tickers.setdefault(instrument.id, Ticker(instrument.symbol))
                ticker.price_scale, ticker.size_scale = instrument.price_scale, instrument.size_scale
            for update in event.batch.updates:
                ticker = self._tickers[update.instrument_id]
                ticker.merge(update)
                yield event.clock, ticker


def signal(ticker):
    """What the strategy makes of a ticker."""
    if ticker.bid_size is None or ticker.ask_size is None:
        return "none"
    if ticker.bid_size >= IMBALANCE * ticker.ask_size:
        return "buy " + ticker.price(ticker.ask_price)
    if ticker.ask_size >= IMBALANCE * ticker.bid_size:
        return "sell " + ticker.price(ticker.bid_price)
    return "none"


def main(address, speed, *symbols):
    every = api.Conflation(policy=api.CONFLATION_POLICY_INTERVAL, interval_ms=100)
    last = {}
    with grpc.insecure_channel(address) as channel:
        playback = Playback(channel, symbols=symbols, speed=MAX_SPEED if speed == "max" else float(speed), conflation=every)
        for clock, event in playback:
            if isinstance(event, api.ReplayRefused):
                sys.exit(event.detail)
            if isinstance(event, api.ReplayEndOfData):
                playback.close()
            if isinstance(event, Ticker) and last.get(event.symbol) != signal(event):
                last[event.symbol] = signal(event)
                print(clock, event.symbol, last[event.symbol])


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: replay.py HOST:PORT SPEED|max SYMBOL…")
    main(*sys.argv[1:])
