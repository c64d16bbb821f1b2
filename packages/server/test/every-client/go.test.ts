/** docs/clients/databricks-sdk-go.md and pgx.md: the examples as they stand there, and pgx's pool through several lifetimes. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { buildGoClient } from '../stage/go-client.ts'
import { expectRotation, LIFETIME_SECONDS, loadBy } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/every-client/go.test.ts'
const [sdkExample = ''] = blocksRunBy('docs/clients/databricks-sdk-go.md', THIS).map(({ text }) => text)
const [pool = '', poolExample = ''] = blocksRunBy('docs/clients/pgx.md', THIS).map(({ text }) => text)
const EXPORTS =
  blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text ?? ''
const MODULE = fileURLToPath(new URL('go', import.meta.url))

/** Eight at once; prints what load.py prints. */
const LOAD = `package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	ctx := context.Background()
	pool, err := newPool(ctx)
	if err != nil {
		log.Fatal(err)
	}
	seconds, _ := strconv.Atoi(os.Getenv("SECONDS"))
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var lock sync.Mutex
	var done sync.WaitGroup
	queries, failures, seen := 0, []string{}, map[int32]bool{}
	for range 8 {
		done.Go(func() {
			for time.Now().Before(end) {
				var backend int32
				err := pool.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend)
				lock.Lock()
				queries++
				seen[backend] = true
				if err != nil {
					failures = append(failures, err.Error())
				}
				lock.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	done.Wait()
	report, _ := json.Marshal(map[string]any{"queries": queries, "sessions": len(seen), "failures": failures})
	fmt.Println(string(report))
}
`
const FORTY_FIVE_MINUTES = '45 * time.Minute'
const shortLived = pool.replace(
  FORTY_FIVE_MINUTES,
  `${String(LIFETIME_SECONDS * 750)} * time.Millisecond\n\tconfig.HealthCheckPeriod = time.Second`,
)

const sdk = await buildGoClient(MODULE, { 'main.go': sdkExample })
const pgx = await buildGoClient(MODULE, { 'pool.go': pool, 'main.go': poolExample })
const underLoad = await buildGoClient(MODULE, { 'pool.go': shortLived, 'main.go': LOAD })
afterAll(() => Promise.all([sdk, pgx, underLoad].map((built) => built.remove())))

const lakegate = sharedLakegate()
let reader: ExampleReader
beforeAll(async () => {
  reader = await createExampleReader(lakegate, 'reads about Go')
})
afterAll(() => reader.remove())
const runHere = (program: string, environment: Readonly<Record<string, string>> = {}) =>
  reader.run(`${EXPORTS}\nexec '${program}'`, environment)

everyClient(
  { client: 'databricks-sdk-go', version: '0.96.0', runtime: sdk.runtime, missing: sdk.missing },
  () => {
    it('logs in as the page shows', proves('login'), async () => {
      expect((await runHere(sdk.program)).stdout.trim()).toBe(reader.principal.applicationId)
    })

    it('does so over HTTPS', proves('HTTPS'), async () => {
      const { http_url, ca_file } = lakegate.ready
      const https = { LAKEGATE: http_url.replace('http:', 'https:'), SSL_CERT_FILE: ca_file }
      expect((await runHere(sdk.program, https)).stdout.trim()).toBe(reader.principal.applicationId)
    })
  },
)

everyClient({ client: 'pgx', version: '5.9.2', runtime: pgx.runtime, missing: pgx.missing }, () => {
  it('logs in as the page shows', proves('login'), async () => {
    expect((await runHere(pgx.program)).stdout.trim()).toBe(reader.principal.applicationId)
  })

  it(
    'is served at the pooled endpoint, where it prepares every statement too',
    proves('pooled endpoint'),
    async () => {
      const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
      expect((await runHere(pgx.program, { HOST, PORT: String(pooled_port) })).stdout.trim()).toBe(
        reader.principal.applicationId,
      )
    },
  )

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    expect(pool).toContain(FORTY_FIVE_MINUTES)
    expectRotation(
      await loadBy(lakegate, (loading, seconds) =>
        loading.run(`${EXPORTS}\nexec '${underLoad.program}'`, { SECONDS: String(seconds) }),
      ),
    )
  })
})
