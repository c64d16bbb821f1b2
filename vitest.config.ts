/**
 * Six kinds of test. `rooms` tests one room at a time; `system` tests the built program, one of which is started for all files
 * (packages/server/test/stage/shared-lakegate.ts): these are `npm test`, which builds before it runs them. `installations` starts,
 * kills and spoils an installation of its own for nearly every test: `npm run test:installations`
 * (docs/decisions/0017-tests-of-installations.md). `clients` drives the clients that people have, each skipped by name where its
 * runtime is missing: `npm run clients` prints the table. `packaging` packs, installs and checks what is shipped: `npm run
 * test:packaging`. `rehearsals` goes through what the operating guide tells for bad days: `npm run test:rehearsals`.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongFilesFirst } from './packages/server/test/stage/long-files-first.ts'

/** Folders that test the product from outside, named by the list that each proves. */
const OUTSIDE = ['behaviours', 'attacks', 'clients', 'crashes', 'console', 'command-line'].map(
  (folder) => `packages/server/test/${folder}/**/*.test.ts`,
)

const everyTestOf = (folder: string): string => `packages/*/test/${folder}/**/*.test.ts`

/** Run by scripts of their own. */
const APART = ['every-client', 'packaging', 'rehearsals'].map(everyTestOf)

/** What is lost, spoilt, killed, away or begun anew, at every point at which it can be; and a stranger's code in every context. */
const INSTALLATIONS = [
  'attacks/39-control-plane-down',
  'attacks/45-whose-rights-are-in-force',
  'attacks/49-settings-of-a-database',
  'attacks/51-lost-directories',
  'attacks/52-links-of-the-postgres-account',
  'attacks/56-secrets-on-standard-output',
  'behaviours/attached-dumps',
  'behaviours/attached-removal',
  'behaviours/extensions',
  'console/sql-outages',
  'crashes/attached-failover',
  'crashes/failed-starts',
  'crashes/first-starts-at-once',
  'crashes/kill-at-any-point',
  'crashes/killed-under-load',
  'crashes/start-and-stop',
].map((file) => `packages/server/test/${file}.test.ts`)

const UNSYNCED_POSTGRES = 'packages/server/test/stage/unsynced-postgres.ts'

const resolve = {
  alias: [
    {
      find: /^@lakegate\/client$/,
      replacement: fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)),
    },
    {
      find: /^@lakegate\/client\/(.+)$/,
      replacement: `${fileURLToPath(new URL('packages/client/src/drivers/', import.meta.url))}$1.ts`,
    },
    {
      find: '@lakegate/sql-text',
      replacement: fileURLToPath(new URL('packages/sql-text/src/index.ts', import.meta.url)),
    },
  ],
}

const shared = {
  pool: 'forks',
  // Files of a worker share what they import, which takes more time than most of them; every one cleans up behind itself.
  isolate: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // Nothing that one test leaves behind may help or hurt the next.
  restoreMocks: true,
  unstubEnvs: true,
  // Style sheets are empty to tests, but for the one whose colours are computed.
  css: { include: /tokens\.css/ },
} as const

export default defineConfig({
  test: {
    // On two cores: tests wait for processes that start and stop, so a third and a fourth one find room.
    maxWorkers: 4,
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        resolve,
        test: {
          ...shared,
          name: 'rooms',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: [...OUTSIDE, ...APART],
          globalSetup: [UNSYNCED_POSTGRES],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'system',
          include: OUTSIDE,
          exclude: INSTALLATIONS,
          globalSetup: [UNSYNCED_POSTGRES, 'packages/server/test/stage/shared-lakegate.ts'],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'installations',
          include: INSTALLATIONS,
          globalSetup: [UNSYNCED_POSTGRES, 'packages/server/test/stage/shared-lakegate.ts'],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'clients',
          include: [everyTestOf('every-client')],
          // Go, Rust and Java compile their clients.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          globalSetup: [UNSYNCED_POSTGRES, 'packages/server/test/stage/shared-lakegate.ts'],
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'packaging',
          include: [everyTestOf('packaging')],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        resolve,
        test: {
          ...shared,
          name: 'rehearsals',
          include: [everyTestOf('rehearsals')],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          globalSetup: [UNSYNCED_POSTGRES],
        },
      },
    ],
  },
})
