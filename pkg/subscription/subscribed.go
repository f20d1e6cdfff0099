package subscription

// scanned is up to how many subscriptions a session's are looked through one by one. A map of ten costs as much memory as their list five times over, and most sessions have
// no more.
const scanned = 16

// subscribed is the subscriptions of a session. The zero value is none.
type subscribed struct {
	list  []*subscription   // in no order
	index map[*Symbol]int32 // into list; nil until there have been more than scanned
}

func (d *subscribed) len() int { return len(d.list) }

// find returns the place of a symbol's subscription in the list, or -1.
func (d *subscribed) find(symbol *Symbol) int {
	if d.index != nil {
		if i, ok := d.index[symbol]; ok {
			return int(i)
		}
		return -1
	}
	for i, sub := range d.list {
		if sub.symbol == symbol {
			return i
		}
	}
	return -1
}

// get returns the symbol's subscription, or nil.
func (d *subscribed) get(symbol *Symbol) *subscription {
	if i := d.find(symbol); i >= 0 {
		return d.list[i]
	}
	return nil
}

// add adds a subscription of a symbol that has none.
func (d *subscribed) add(sub *subscription) {
	d.list = append(d.list, sub)
	if d.index != nil {
		d.index[sub.symbol] = int32(len(d.list) - 1)
	} else if len(d.list) > scanned {
		d.index = make(map[*Symbol]int32, 2*scanned)
		for i, sub := range d.list {
			d.index[sub.symbol] = int32(i)
		}
	}
}

// remove takes the subscription at a place out; the last one takes its place.
func (d *subscribed) remove(i int) {
	last := len(d.list) - 1
	if d.index != nil {
		delete(d.index, d.list[i].symbol)
		if i != last {
			d.index[d.list[last].symbol] = int32(i)
		}
	}
	d.list[i], d.list[last] = d.list[last], nil
	d.list = d.list[:last]
}
