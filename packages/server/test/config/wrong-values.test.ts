/**
 * Every setting with every kind of wrong value: refused in one line that says what, and one that says what to do, without a
 * stack, whether the value is wrong by itself, on this disk, or for what it names. In this process, because a start for
 * each would take minutes; test/crashes/failed-starts.test.ts does it with whole processes for a few.
 */
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { explain } from '../../src/cli/explain.ts'
import { loadSettings, type LoadedSettings } from '../../src/config/load.ts'
import { checkOnDisk } from '../../src/config/on-disk.ts'
import { environmentVariableOf, SETTING_NAMES, type SettingName } from '../../src/config/settings.ts'
import { openCertificateSource, openHttpCertificateSource } from '../../src/composition/certificates.ts'
import { openGatewayHealth } from '../../src/composition/gateway-health.ts'
import { openHttp } from '../../src/composition/http-address.ts'
import { prepareMachine } from '../../src/composition/machine.ts'
import { buildMetricsHandler } from '../../src/composition/metrics.ts'
import { removeReadyFile } from '../../src/composition/ready-file.ts'
import { loadSignInProvider } from '../../src/composition/sign-in-provider.ts'
import { loadMasterKey } from '../../src/keys/master-key.ts'
import { createMetrics } from '../../src/observation/metrics.ts'
import { reachSystemDatabase } from '../../src/store/reach-system-database.ts'
import { wrongValuesOf } from './wrong-values.ts'

const place = mkdtempSync(path.join(tmpdir(), 'lakegate-wrong-'))
afterAll(() => {
  rmSync(place, { recursive: true, force: true })
})

const nothing = () => undefined
const silent = {
  isTracing: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  audit: nothing,
}

/** What a setting is of no use without. */
const BESIDE: Partial<Record<SettingName, Partial<Record<SettingName, string>>>> = {
  'tls-certificate-file': { 'tls-key-file': '/dev/null' },
  'tls-key-file': { 'tls-certificate-file': '/dev/null' },
  'http-certificate-file': { 'http-key-file': '/dev/null' },
  'http-key-file': { 'http-certificate-file': '/dev/null' },
  'metrics-token-file': { metrics: 'bearer' },
  'sign-in-provider-issuer': {
    'sign-in-provider-client-id': 'lakegate',
    'sign-in-provider-client-secret-file': '/dev/null',
  },
  'sign-in-provider-client-secret-file': {
    'sign-in-provider-issuer': 'https://login.example.com',
    'sign-in-provider-client-id': 'lakegate',
  },
}

/** Where a start comes to use what a setting names. */
const USES: Partial<Record<SettingName, (settings: LoadedSettings) => Promise<unknown>>> = {
  'data-dir': prepareMachine,
  'postgres-account': (settings) =>
    prepareMachine({ ...settings, 'data-dir': { value: path.join(place, 'data'), source: 'flag' } }),
  'ready-file': ({ 'ready-file': { value = '' } }) => removeReadyFile(value),
  'http-host': (settings) => openHttp(settings, { warn: () => undefined }),
  'gateway-health-host': (settings) => openGatewayHealth(settings, silent),
  'database-url': async ({ 'database-url': { value } }) => {
    if (value !== undefined) await reachSystemDatabase({ kind: 'url', url: value })
  },
  'master-key-file': ({ 'master-key-file': { value = '' } }) => loadMasterKey(value),
  'tls-certificate-file': useCertificates,
  'tls-key-file': useCertificates,
  'http-certificate-file': useHttpCertificates,
  'http-key-file': useHttpCertificates,
  'metrics-token-file': (settings) =>
    buildMetricsHandler(settings, createMetrics(), () => Promise.resolve([])),
  'sign-in-provider-client-secret-file': loadSignInProvider,
}

const keys = {
  authority: { certificateFor: () => Promise.reject(new Error('it is not asked')) } as never,
  clock: () => new Date(),
}
function useCertificates(settings: LoadedSettings): Promise<unknown> {
  return openCertificateSource(keys, settings)
}
function useHttpCertificates(settings: LoadedSettings): Promise<unknown> {
  return openHttpCertificateSource(keys, settings)
}

/** As a start does, up to where this setting is used. */
async function startWith(name: SettingName, value: string): Promise<void> {
  const given = { ...BESIDE[name], [name]: value }
  const environment = Object.fromEntries(
    Object.entries(given).map(([setting, text]) => [environmentVariableOf(setting as SettingName), text]),
  )
  const settings = loadSettings({ flags: {}, environment, configFile: undefined })
  const beside = Object.fromEntries(
    Object.keys(BESIDE[name] ?? {}).map((setting) => [setting, { value: undefined, source: 'default' }]),
  )
  await checkOnDisk({ ...settings, ...beside })
  await USES[name]?.(settings)
}

async function saidAbout(name: SettingName, value: string): Promise<string> {
  try {
    await startWith(name, value)
  } catch (error) {
    return explain(error)
  }
  return 'nothing: it was accepted'
}

/** Type and rights of what a value names, and what it holds: nothing that was named by mistake may change. */
function lookAt(value: string): unknown {
  if (!value.startsWith(place) || value === place || !existsSync(value)) return undefined
  const found = lstatSync(value)
  const content = found.isDirectory() ? readdirSync(value) : readFileSync(value, 'utf8')
  return { mode: found.mode, content }
}

describe.each(SETTING_NAMES)('the setting %s', (name) => {
  const rows = wrongValuesOf(name, place).filter(
    // An account matters to root alone.
    ({ what }) => what !== 'unknown' || process.getuid?.() === 0,
  )

  it.each(rows)('is refused when it is $what, which stays as it was', async ({ value }) => {
    const before = lookAt(value)
    const said = await saidAbout(name, value)
    expect(lookAt(value)).toEqual(before)
    expect(said).toMatch(/^\nLakegate cannot go on: [^\n]+\nWhat to do: [^\n]+\n$/)
    expect(said).not.toContain('hunter2')
  })
})

describe('a system database that cannot be reached', () => {
  it('is not asked when nobody knows how TLS is meant', async () => {
    const said = await saidAbout(
      'database-url',
      'postgres://gate:hunter2@127.0.0.1:1/identities?sslmode=always',
    )
    expect(said).toContain('sslmode in it must be one of disable, prefer, ')
  })

  it('is no reason for the driver to print a warning of its own', async () => {
    const warned: string[] = []
    const hear = (warning: Error) => warned.push(warning.message)
    process.on('warning', hear)
    await saidAbout('database-url', 'postgres://gate:hunter2@127.0.0.1:1/identities?sslmode=require')
    // Warnings come with the next tick.
    await new Promise(setImmediate)
    process.off('warning', hear)
    expect(warned).toEqual([])
  })

  it('is named with host, port, database, user and cause, and without the password', async () => {
    const said = await saidAbout('database-url', 'postgres://gate:hunter2@127.0.0.1:1/identities')
    expect(said).toContain(
      'The system database at 127.0.0.1 port 1 (database identities, user gate) cannot be used: nothing listens there (connect ECONNREFUSED',
    )
    expect(said).toContain('LAKEGATE_DATABASE_URL')
  })
})
