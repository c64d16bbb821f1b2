/** docs/clients/rust.md: the program as it stands there, and sqlx's pool through several lifetimes. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, blocksRunBy } from '../stage/document.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createExampleReader, type ExampleReader } from '../stage/example-reader.ts'
import { expectRotation, LIFETIME_SECONDS, loadBy } from '../stage/rotation.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const run = promisify(execFile)
const FILES = Object.fromEntries(
  blocksRunBy('docs/clients/rust.md', 'packages/server/test/every-client/rust.test.ts').map(({ text }) => [
    /^(?:#|\/\/) (.+)\n/.exec(text)?.[1] ?? '',
    text,
  ]),
)
const EXPORTS =
  blocksOf('docs/clients/README.md').find(({ text }) => text.includes('export PGHOST='))?.text ?? ''
const FORTY_FIVE_MINUTES = 'Duration::from_secs(45 * 60)'

/** Eight at once; prints what load.py prints. */
const LOAD = `mod credential;
mod pool;
use std::{collections::HashSet, time::{Duration, Instant}};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let pool = pool::create_pool().await?;
    let end = Instant::now() + Duration::from_secs(std::env::var("SECONDS")?.parse()?);
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            let (mut queries, mut seen, mut failures) = (0, HashSet::new(), Vec::new());
            while Instant::now() < end {
                queries += 1;
                match sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()").fetch_one(&pool).await {
                    Ok(backend) => { seen.insert(backend); }
                    Err(error) => failures.push(error.to_string()),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            (queries, seen, failures)
        }));
    }
    let (mut queries, mut seen, mut failures) = (0, HashSet::new(), Vec::new());
    for task in tasks {
        let (q, s, f) = task.await?;
        queries += q;
        seen.extend(s);
        failures.extend(f);
    }
    println!("{}", serde_json::json!({ "queries": queries, "sessions": seen.len(), "failures": failures }));
    Ok(())
}
`

interface RustClient {
  readonly runtime: string
  readonly missing: string | undefined
}

const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-rust-'))
afterAll(() => rm(directory, { recursive: true, force: true }))
const programOf = (name: string) => path.join(directory, 'target', 'debug', name)

/** Two packages in one workspace, so that the crates are compiled once. */
async function build(): Promise<RustClient> {
  let runtime = 'Rust'
  const write = async (name: string, changes: Readonly<Record<string, string>>) => {
    await mkdir(path.join(directory, name, 'src'), { recursive: true })
    for (const [file, text] of Object.entries({ ...FILES, ...changes }))
      await writeFile(path.join(directory, name, file), text)
  }
  const cargo = (...words: string[]) => run('cargo', words, { cwd: directory, maxBuffer: 64 * 1024 * 1024 })
  try {
    runtime = (await run('rustc', ['--version'])).stdout
      .split(' ')
      .slice(0, 2)
      .join(' ')
      .replace('rustc', 'Rust')
    await writeFile(
      path.join(directory, 'Cargo.toml'),
      '[workspace]\nmembers = ["example", "load"]\nresolver = "2"\n',
    )
    await write('example', {})
    await write('load', {
      'Cargo.toml': (FILES['Cargo.toml'] ?? '').replace('name = "example"', 'name = "load"'),
      'src/pool.rs': (FILES['src/pool.rs'] ?? '').replace(
        FORTY_FIVE_MINUTES,
        `Duration::from_millis(${String(LIFETIME_SECONDS * 600)})`,
      ),
      'src/main.rs': LOAD,
    })
    await cargo('fetch', '--quiet')
  } catch (error) {
    const missing = error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : String(error)
    return { runtime, missing }
  }
  // From here on the crates are there: what does not compile is a mistake of ours, and fails.
  await cargo('build', '--quiet', '--offline')
  return { runtime, missing: undefined }
}

const { runtime, missing } = await build()

everyClient({ client: 'sqlx', version: '0.8', runtime, missing }, () => {
  const lakegate = sharedLakegate()
  let reader: ExampleReader
  beforeAll(async () => {
    reader = await createExampleReader(lakegate, 'reads about Rust')
  })
  afterAll(() => reader.remove())

  const runHere = async (environment: Readonly<Record<string, string>> = {}) =>
    (await reader.run(`${EXPORTS}\nexec '${programOf('example')}'`, environment)).stdout.trim()

  it('logs in as the page shows', proves('login'), async () => {
    expect(await runHere()).toBe(reader.principal.applicationId)
  })

  it('is served at the pooled endpoint', proves('pooled endpoint'), async () => {
    const { pooled_host: HOST, pooled_port } = lakegate.ready.instance
    expect(await runHere({ HOST, PORT: String(pooled_port) })).toBe(reader.principal.applicationId)
  })

  it('fails no query while its credentials expire', proves('rotation'), async () => {
    expect(FILES['src/pool.rs']).toContain(FORTY_FIVE_MINUTES)
    expectRotation(
      await loadBy(lakegate, (loading, seconds) =>
        loading.run(`${EXPORTS}\nexec '${programOf('load')}'`, { SECONDS: String(seconds) }),
      ),
    )
  })
})
