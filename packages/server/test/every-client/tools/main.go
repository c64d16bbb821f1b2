// What Grafana asks of pgx: a pool of sessions with the simple settings of a data source. Argument: the connection string.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	if err := ask(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(settings string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	config, err := pgxpool.ParseConfig(settings)
	if err != nil {
		return err
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	var panels sync.WaitGroup
	failures := make(chan error, 20)
	for range 20 {
		panels.Add(1)
		go func() {
			defer panels.Done()
			var name string
			failures <- pool.QueryRow(ctx, "SELECT session_user").Scan(&name)
		}()
	}
	panels.Wait()
	close(failures)
	for failure := range failures {
		if failure != nil {
			return failure
		}
	}
	var name string
	if err := pool.QueryRow(ctx, "SELECT session_user").Scan(&name); err != nil {
		return err
	}
	fmt.Println(name)
	return nil
}
