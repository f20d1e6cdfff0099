package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// Serve runs a generator until its input ends or "finish" is answered. newDriver is given what the driver's connections are to be dialled with.
func Serve(plan *Plan, newDriver func(*Plan, *Dialer) (Driver, error), in io.Reader, out io.Writer) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	dialer := &Dialer{}
	driver, err := newDriver(plan, dialer)
	if err != nil {
		cancel()
		return err
	}
	defer driver.Close()
	defer cancel()
	r, err := newRun(ctx, plan, driver, dialer)
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	reading.Go(func() { r.truth.read(ctx) })
	reading.Go(func() { r.punctuality.watch(ctx) })
	defer reading.Wait()
	defer cancel()
	defer r.truth.close()
	return r.obey(in, json.NewEncoder(out))
}

// obey takes commands until there are no more.
func (r *run) obey(in io.Reader, out *json.Encoder) error {
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		name, argument, _ := strings.Cut(commands.Text(), " ")
		answer, err := r.command(name, argument)
		if err != nil {
			return err
		}
		if err := out.Encode(answer); err != nil {
			return fmt.Errorf("load: answer %s: %w", name, err)
		}
		if name == "finish" {
			return nil
		}
	}
	return commands.Err()
}

func (r *run) command(name, argument string) (answer any, err error) {
	switch name {
	case "open":
		total, err := strconv.Atoi(argument)
		if err != nil {
			return nil, fmt.Errorf("load: open %q: give the number of streams", argument)
		}
		return total, r.open(total)
	case "await":
		sequence, err := strconv.ParseUint(argument, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("load: await %q: give a sequence of the first symbol", argument)
		}
		return r.await(sequence)
	case "add":
		published, err := strconv.ParseUint(argument, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("load: add %q: give the number of events", argument)
		}
		return r.add(published), nil
	case "lag":
		return r.truth.recentLag(), nil
	case "begin":
		r.begin()
		return true, nil
	case "end":
		return r.end(), nil
	case "finish":
		return r.finish()
	}
	return nil, fmt.Errorf("load: there is no command %q", name)
}
