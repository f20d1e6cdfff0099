package main

import "tickgate/pkg/client"

// leastPriceDigits are shown of every price that its scale has room for.
const leastPriceDigits = 2

// digits are how many decimals the numbers of a symbol are shown with: as many as any of them has needed, so that they stand still. A venue may give many more.
type digits struct{ price, volume uint8 }

func (d *digits) note(t *client.Ticker) {
	d.price = max(d.price, leastPriceDigits, needed(t.Bid), needed(t.Ask), needed(t.Last))
	d.volume = max(d.volume, needed(t.Volume))
}

// needed is how many decimals a number has without zeros at its end.
func needed(d client.Decimal) uint8 { return shortened(d, 0).Scale }

// shortened is the same number without zeros at its end, but with so many decimals.
func shortened(d client.Decimal, digits uint8) client.Decimal {
	for d.Scale > digits && d.Mantissa%10 == 0 {
		d.Mantissa /= 10
		d.Scale--
	}
	return d
}
