/** docs/clients/databricks-sdk-java.md and jdbc.md: the examples as they stand there, and HikariCP's pool through several lifetimes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { buildJavaProject } from '../stage/java-project.ts'
import { expectRotation, LIFETIME_SECONDS, loadBy } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const THIS = 'packages/server/test/every-client/java.test.ts'
const [sdkExample = ''] = blocksRunBy('docs/clients/databricks-sdk-java.md', THIS).map(({ text }) => text)
const [plugin = '', pool = '', dependencies = ''] = blocksRunBy('docs/clients/jdbc.md', THIS).map(
  ({ text }) => text,
)
const EXPORTS =
  blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text ?? ''
const versionOf = (artifact: string): string | undefined =>
  new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)`).exec(dependencies)?.[1]

/**
 * Eight at once; prints what load.py prints. HikariCP gives no connection less than thirty seconds to live, so old ones are ended here
 * by the pool's own softEvictConnections.
 */
const LOAD = `
import java.util.*;
import java.util.concurrent.*;

public class Load {
  public static void main(String[] arguments) throws Exception {
    var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(System.getenv("SECONDS")));
    var failures = new ConcurrentLinkedQueue<String>();
    var seen = ConcurrentHashMap.<Integer>newKeySet();
    var queries = new java.util.concurrent.atomic.AtomicInteger();
    try (var pool = Pool.create(); var renewing = Executors.newScheduledThreadPool(1)) {
      renewing.scheduleAtFixedRate(() -> pool.getHikariPoolMXBean().softEvictConnections(),
          ${String(LIFETIME_SECONDS * 750)}, ${String(LIFETIME_SECONDS * 750)}, TimeUnit.MILLISECONDS);
      var threads = new ArrayList<Thread>();
      for (var index = 0; index < 8; index++) {
        var thread = new Thread(() -> {
          while (System.nanoTime() < end) {
            queries.incrementAndGet();
            try (var connection = pool.getConnection();
                var rows = connection.createStatement().executeQuery("SELECT pg_backend_pid()")) {
              rows.next();
              seen.add(rows.getInt(1));
              Thread.sleep(10);
            } catch (Exception failure) {
              failures.add(failure.toString().replaceAll("[\\"\\\\\\\\\\\\s]+", " "));
            }
          }
        });
        thread.start();
        threads.add(thread);
      }
      for (var thread : threads) thread.join();
      renewing.shutdownNow();
    }
    var said = failures.stream().map(failure -> "\\"" + failure + "\\"").toList();
    System.out.println("{\\"queries\\":" + queries + ",\\"sessions\\":" + seen.size() + ",\\"failures\\":" + said + "}");
  }
}
`.replace(
  '; var renewing = Executors.newScheduledThreadPool(1)) {',
  ') {\n      var renewing = Executors.newScheduledThreadPool(1);',
)

const java = await buildJavaProject({
  dependencies,
  files: {
    'Example.java': sdkExample,
    'DatabaseCredential.java': plugin,
    'Pool.java': pool,
    'Load.java': LOAD,
  },
})
afterAll(() => java.remove())
const { runtime, missing } = java

const lakegate = sharedLakegate()
let reader: ExampleReader
beforeAll(async () => {
  reader = await createExampleReader(lakegate, 'reads about Java')
})
afterAll(() => reader.remove())
const runHere = async (main: string, environment: Readonly<Record<string, string>> = {}) =>
  (await reader.run(`${EXPORTS}\n${java.command(main)}`, environment)).stdout.trim().split('\n').at(-1)

everyClient(
  { client: 'databricks-sdk-java', version: versionOf('databricks-sdk-java'), runtime, missing },
  () => {
    it('logs in as the page shows', proves('login'), async () => {
      expect(await runHere('Example')).toBe(reader.principal.applicationId)
    })
  },
)

everyClient({ client: 'pgjdbc with HikariCP', version: versionOf('HikariCP'), runtime, missing }, () => {
  it('logs in as the page shows', proves('login'), async () => {
    expect(await runHere('Pool')).toBe(reader.principal.applicationId)
  })

  it('is served at the pooled endpoint', proves('pooled endpoint'), async () => {
    const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
    expect(await runHere('Pool', { HOST, PORT: String(pooled_port) })).toBe(reader.principal.applicationId)
  })

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    expectRotation(
      await loadBy(lakegate, (loading, seconds) =>
        loading.run(`${EXPORTS}\n${java.command('Load')}`, { SECONDS: String(seconds) }),
      ),
    )
  })
})
