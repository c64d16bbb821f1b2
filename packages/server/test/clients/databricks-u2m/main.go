// `databricks auth login` and `databricks auth token` without the command line around them: the code of the Go SDK that
// the CLI calls. Prints the address to open, then the token, then the token after a forced refresh. With --discover the
// address is where to ask which host it is, as `databricks auth login` does without --host.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/databricks/databricks-sdk-go/credentials/u2m"
	"github.com/databricks/databricks-sdk-go/credentials/u2m/cache"
)

func main() {
	run := login
	if os.Args[1] == "--discover" {
		run = discover
	}
	if err := run(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func login(host string) error {
	ctx := context.Background()
	argument, err := u2m.NewBasicWorkspaceOAuthArgument(host)
	if err != nil {
		return err
	}
	auth, err := u2m.NewPersistentAuth(ctx,
		u2m.WithOAuthArgument(argument),
		u2m.WithTokenCache(cache.NewInMemoryTokenCache()),
		u2m.WithBrowser(printAddress))
	if err != nil {
		return err
	}
	defer auth.Close()
	if err := auth.Challenge(); err != nil {
		return err
	}
	first, err := auth.Token()
	if err != nil {
		return err
	}
	second, err := auth.ForceRefreshToken()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"access_token":   second.AccessToken,
		"is_other_token": first.AccessToken != second.AccessToken,
	})
}

func discover(discoveryHost string) error {
	argument, err := u2m.NewBasicDiscoveryOAuthArgument("test")
	if err != nil {
		return err
	}
	tokens := cache.NewInMemoryTokenCache()
	auth, err := u2m.NewPersistentAuth(context.Background(),
		u2m.WithOAuthArgument(argument),
		u2m.WithTokenCache(tokens),
		u2m.WithDiscoveryLogin(),
		u2m.WithDiscoveryHost(discoveryHost),
		u2m.WithBrowser(printAddress))
	if err != nil {
		return err
	}
	defer auth.Close()
	if err := auth.Challenge(); err != nil {
		return err
	}
	token, err := tokens.Lookup(argument.GetCacheKey())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"access_token": token.AccessToken,
		"host":         argument.GetDiscoveredHost(),
	})
}

func printAddress(url string) error {
	fmt.Println(url)
	return nil
}
