import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dataDirectoryOf, loadSettings, type SettingInputs } from '../../src/config/load.ts'
import { Fault } from '../../src/domain/fault.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-config-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

function configFile(contents: unknown): string {
  const file = path.join(directory, `${crypto.randomUUID()}.json`)
  writeFileSync(file, typeof contents === 'string' ? contents : JSON.stringify(contents))
  return file
}

const load = (inputs: Partial<SettingInputs>) =>
  loadSettings({ flags: {}, environment: {}, configFile: undefined, ...inputs })

function faultOf(inputs: Partial<SettingInputs>): Fault {
  try {
    load(inputs)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('where a value comes from', () => {
  const environment = { LAKEGATE_HTTP_PORT: '2' }

  it('takes the flag before the environment, the environment before the file, the file before the default', () => {
    const file = configFile({ 'http-port': 3, 'http-host': '::1' })
    const everything = load({ flags: { 'http-port': '1' }, environment, configFile: file })
    expect(everything['http-port']).toEqual({ value: 1, source: 'flag' })
    expect(load({ environment, configFile: file })['http-port']).toEqual({
      value: 2,
      source: 'environment',
    })
    expect(load({ configFile: file })['http-port']).toEqual({ value: 3, source: 'config file' })
    expect(load({})['http-port']).toEqual({ value: 8470, source: 'default' })
    expect(everything['http-host']).toEqual({ value: '::1', source: 'config file' })
  })

  it('finds the file by LAKEGATE_CONFIG, and by --config first', () => {
    const named = { LAKEGATE_CONFIG: configFile({ 'log-level': 'warn' }) }
    expect(load({ environment: named })['log-level'].value).toBe('warn')
    const other = configFile({ 'log-level': 'error' })
    expect(load({ environment: named, configFile: other })['log-level'].value).toBe('error')
  })

  it('leaves a setting without a default unset', () => {
    const setting = load({})['gateway-port']
    expect(setting).toEqual({ value: undefined, source: 'default' })
  })

  it('reads a port and a whole number as numbers', () => {
    const settings = load({ flags: { 'gateway-port': '0' }, environment: { LAKEGATE_POOL_SIZE: '007' } })
    expect(settings['gateway-port'].value).toBe(0)
    expect(settings['pool-size'].value).toBe(7)
    expect(settings['http-port'].value).toBe(8470)
  })

  it('reads on and off as true and false', () => {
    expect(load({})['pooled-endpoint'].value).toBe(true)
    expect(load({ flags: { 'pooled-endpoint': 'off' } })['pooled-endpoint'].value).toBe(false)
  })

  it('cannot be changed afterwards', () => {
    const settings = load({})
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(settings['http-port'])).toBe(true)
  })
})

describe('a bad value', () => {
  it.each([
    ['http-port', '65536', 'a port is a number from 0 to 65535', '8470'],
    ['gateway-port', 'postgres', 'a port is a number from 0 to 65535', '5432'],
    ['log-level', 'loud', 'it must be one of trace, debug, info, warn, error', 'info'],
    ['login-deadline-seconds', '0', 'it must be a whole number from 1 to 300', '15'],
    ['login-deadline-seconds', '1.5', 'it must be a whole number from 1 to 300', '15'],
    ['data-dir', '', 'it is empty', '/srv/lakegate'],
    ['admin-user', 'a\0b', 'it has a zero byte in it', 'admin@lakegate.local'],
  ])('of %s is named with its source and a good one: %j', (name, value, problem, good) => {
    const fault = faultOf({ flags: { [name]: value } })
    expect(fault.code).toBe('configuration_invalid')
    expect(fault.message).toBe(`The setting ${name} from the flag is ${JSON.stringify(value)}: ${problem}.`)
    expect(fault.nextStep).toContain(`--${name}`)
    expect(fault.nextStep).toContain(`to, for example, ${good}.`)
  })

  it('from the environment is named with its variable', () => {
    expect(faultOf({ environment: { LAKEGATE_HTTP_PORT: 'http' } }).message).toBe(
      'The setting http-port from the environment (LAKEGATE_HTTP_PORT) is "http": a port is a number from 0 to 65535.',
    )
  })

  it('of a secret is never shown, and no flag is suggested for it', () => {
    const fault = faultOf({ environment: { LAKEGATE_DATABASE_URL: 'postgres://u:hunter2@h/\0' } })
    expect(`${fault.message} ${fault.nextStep ?? ''}`).not.toContain('hunter2')
    expect(fault.nextStep).not.toContain('--database-url')
  })

  it('may be empty only where empty says something', () => {
    expect(load({ environment: { LAKEGATE_FIRST_INSTANCE: '' } })['first-instance'].value).toBe('')
  })
})

describe('a name that nobody knows', () => {
  it('in the environment is refused with the nearest one', () => {
    const fault = faultOf({ environment: { LAKEGATE_HTPP_PORT: '1', UNRELATED: 'x' } })
    expect(fault.message).toBe('There is no setting LAKEGATE_HTPP_PORT in the environment.')
    expect(fault.nextStep).toContain('Did you mean LAKEGATE_HTTP_PORT?')
  })

  it('in the config file is refused with the nearest one', () => {
    const fault = faultOf({ configFile: configFile({ 'admin-usr': 'a' }) })
    expect(fault.message).toMatch(/^There is no setting admin-usr in the config file .*\.json\.$/)
    expect(fault.nextStep).toContain('Did you mean admin-user?')
  })
})

describe('a config file', () => {
  it('that does not exist is named', () => {
    expect(faultOf({ configFile: path.join(directory, 'none.json') }).message).toMatch(
      /none\.json cannot be read: ENOENT/,
    )
  })

  it('that is not JSON is refused without quoting what may be a secret', () => {
    const fault = faultOf({ configFile: configFile('{"database-url": hunter2}') })
    expect(fault.message).toMatch(/is not valid JSON/)
    expect(JSON.stringify([fault.message, fault.nextStep, String(fault.cause)])).not.toContain('hunter2')
  })

  it.each(['[]', 'null', '"text"'])('that holds %s is refused', (contents) => {
    expect(faultOf({ configFile: configFile(contents) }).message).toMatch(/is not a JSON object/)
  })

  it('with a value that is neither text nor a number is refused by name', () => {
    expect(faultOf({ configFile: configFile({ 'http-port': true }) }).message).toMatch(
      /^The setting http-port /,
    )
  })
})

describe('TLS files', () => {
  it.each([
    ['tls-certificate-file', 'LAKEGATE_TLS_KEY_FILE'],
    ['tls-key-file', 'LAKEGATE_TLS_CERTIFICATE_FILE'],
  ])('come in pairs: %s alone is refused', (name, missing) => {
    expect(faultOf({ flags: { [name]: '/etc/x.pem' } }).nextStep).toContain(missing)
  })

  it('are taken together', () => {
    const settings = load({ flags: { 'tls-certificate-file': '/etc/c.pem', 'tls-key-file': '/etc/k.pem' } })
    expect(settings['tls-key-file'].value).toBe('/etc/k.pem')
  })
})

describe('the data directory', () => {
  const user = { isRoot: false, home: '/h', xdgDataHome: undefined }

  it('is where it was asked to be, made absolute', () => {
    expect(dataDirectoryOf(load({ flags: { 'data-dir': 'here' } }), user)).toBe(path.resolve('here'))
  })

  it('is a system directory for root and below the home directory for others', () => {
    expect(dataDirectoryOf(load({}), { ...user, isRoot: true })).toBe('/var/lib/lakegate')
    expect(dataDirectoryOf(load({}), user)).toBe('/h/.local/share/lakegate')
  })

  it('follows XDG_DATA_HOME unless that is empty or relative', () => {
    expect(dataDirectoryOf(load({}), { ...user, xdgDataHome: '/x' })).toBe('/x/lakegate')
    expect(dataDirectoryOf(load({}), { ...user, xdgDataHome: '' })).toBe('/h/.local/share/lakegate')
    expect(dataDirectoryOf(load({}), { ...user, xdgDataHome: 'x' })).toBe('/h/.local/share/lakegate')
  })
})
