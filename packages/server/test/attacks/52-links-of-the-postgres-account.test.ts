/**
 * Root follows no link that the PostgreSQL account made: where root writes, that account can change nothing, and what root
 * reads or removes of it, it reads and removes as what it is. Needs root, with an unprivileged account beside it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  access,
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { chooseAccount, preferAccount } from '../../src/instances/embedded/operating-system-account.ts'
import { instancePostmaster, stopClusters } from '../stage/clusters.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { runToEnd } from '../stage/run-to-end.ts'
import { waitFor } from '../stage/wait-for.ts'

const isRoot = process.getuid?.() === 0
const INSTANCES = '/api/2.0/database/instances'

describe.skipIf(!isRoot)('started by root, Lakegate', () => {
  const account = chooseAccount(undefined)
  let dataDirectory: string
  /** Of root alone; what the links of the account lead to. */
  let victims: string
  let uid: string
  let running: RunningLakegate | undefined

  const below = (...parts: readonly string[]) => path.join(dataDirectory, ...parts)
  const instance = (...parts: readonly string[]) => below('instances', uid, ...parts)
  const start = async (environment: Readonly<Record<string, string>> = {}): Promise<RunningLakegate> => {
    running = await startLakegate({ dataDirectory, environment })
    return running
  }
  const stop = async (): Promise<void> => {
    await running?.stop()
    running = undefined
  }
  /** A shell command with the rights of the account that runs PostgreSQL. */
  const asAccount = (command: string, ...values: readonly string[]): number | null =>
    spawnSync('sh', ['-c', command, 'sh', ...values], {
      ...account.spawnAs,
      cwd: '/',
      stdio: 'ignore',
    }).status
  const plant = (command: string, ...values: readonly string[]): void => {
    expect(asAccount(command, ...values), `${command} ${values.join(' ')}`).toBe(0)
  }
  /** As earlier versions left it: the directory belonged to the account. */
  const giveAway = async (directory: string): Promise<void> => {
    await chown(directory, account.uid, account.gid)
    await chmod(directory, 0o700)
  }
  const victim = async (name: string): Promise<string> => {
    const file = path.join(victims, name)
    await writeFile(file, `root alone may read ${name}\n`, { mode: 0o600 })
    return file
  }
  const expectUntouched = async (file: string): Promise<void> => {
    const { uid: owner, mode } = await lstat(file)
    expect([file, owner, mode & 0o777]).toEqual([file, 0, 0o600])
    expect(await readFile(file, 'utf8')).toBe(`root alone may read ${path.basename(file)}\n`)
  }
  const messageOf = (lakegate: RunningLakegate, name = 'dev') =>
    waitFor('the message on the instance', async () => {
      const found = await lakegate.admin.request<DatabaseInstance>('GET', `${INSTANCES}/${name}`)
      return found.status_message
    })
  const waitUntilAvailable = (lakegate: RunningLakegate, name = 'dev') =>
    waitFor('the instance', async () => {
      const { state } = await lakegate.admin.request<DatabaseInstance>('GET', `${INSTANCES}/${name}`)
      return state === 'AVAILABLE'
    })

  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
    victims = await mkdtemp(path.join(tmpdir(), 'lakegate-victims-'))
    uid = (await start()).ready.instance.uid
    await stop()
  })
  afterEach(stop)
  afterAll(async () => {
    await stopClusters(dataDirectory)
    await removeDataDirectory(dataDirectory)
    await rm(victims, { recursive: true, force: true })
  })

  it('works in no directory in which the account can change anything', async () => {
    await start()
    const places = ['system', 'system/configuration', 'instances', 'inquiry', 'share', 'share/extension']
    const ofTheInstance = ['.', 'configuration'].map((name) => instance(name))
    for (const directory of [dataDirectory, ...places.map((name) => below(name)), ...ofTheInstance]) {
      expect((await lstat(directory)).isDirectory()).toBe(true)
      const [entry = 'none'] = await readdir(directory)
      const tries = ['touch "$1/new"', 'ln -s /etc/passwd "$1/link"', 'mv "$1/$2" "$1/$2.moved"']
      for (const command of tries)
        expect([directory, command, asAccount(command, directory, entry)]).not.toContain(0)
    }
  })

  it('lets the account, and nobody else, ask over the inquiry socket', async () => {
    await start()
    const { uid: owner, mode } = await lstat(below('inquiry', '.s.PGSQL.5432'))
    expect([owner, mode & 0o777]).toEqual([account.uid, 0o600])
  })

  it('takes back what earlier versions gave to the account, and writes through no link that it left there', async () => {
    const names = [
      'log',
      'lakegate.conf',
      'pg_hba.conf',
      'pg_ident.conf',
      'inquiry',
      'configuration',
    ] as const
    const led = new Map<string, string>()
    for (const cluster of [below('system'), instance()]) {
      await giveAway(cluster)
      for (const name of names.slice(0, 4)) {
        const file = await victim(`${path.basename(cluster)}-${name}`)
        const link = name === 'log' ? path.join(cluster, name) : path.join(cluster, 'data', name)
        plant('ln -sfn "$1" "$2"', file, link)
        led.set(link, file)
      }
    }
    await giveAway(below('inquiry'))
    plant('rm -f "$2"; ln -s "$1" "$2"', await victim('inquiry'), below('inquiry', '.s.PGSQL.5432'))
    led.set('inquiry', path.join(victims, 'inquiry'))
    await waitUntilAvailable(await start())
    for (const file of led.values()) await expectUntouched(file)
    for (const directory of [below('system'), instance(), below('inquiry')])
      expect([directory, (await lstat(directory)).uid]).toEqual([directory, 0])
  })

  it('gives nothing to the account that a link in the place of its socket directory leads to', async () => {
    const target = path.join(victims, 'directory')
    await mkdir(target, { mode: 0o700 })
    await rename(instance('socket'), instance('socket.away'))
    await giveAway(instance())
    plant('ln -s "$1" "$2"', target, instance('socket'))
    const lakegate = await start()
    expect(await messageOf(lakegate)).toContain(instance('socket'))
    const { uid: owner, mode } = await lstat(target)
    expect([owner, mode & 0o777]).toEqual([0, 0o700])
    await rm(instance('socket'))
    await rename(instance('socket.away'), instance('socket'))
    await waitUntilAvailable(lakegate)
  })

  it('tells nobody what is in a file that the log of a cluster links to', async () => {
    const secret = await victim('secret')
    for (const directory of [instance('data', 'log'), instance('server-log')]) {
      plant('mkdir -p "$1" 2>/dev/null; ln -s "$2" "$1/postgresql-Now.log" || true', directory, secret)
    }
    plant('mv "$1" "$1.away"', instance('data', 'global', 'pg_control'))
    await writeFile(secret, `root alone may read ${path.basename(secret)}\n`)
    const lakegate = await start()
    expect(await messageOf(lakegate)).toContain('pg_control')
    expect(await messageOf(lakegate)).not.toContain('root alone')
    expect(lakegate.output()).not.toContain('root alone')
    plant('mv "$1.away" "$1"', instance('data', 'global', 'pg_control'))
    await waitUntilAvailable(lakegate)
  })

  it('does not wait for a pipe that the account puts in the place of a pid file', async () => {
    plant('rm -f "$1"; mkfifo "$1"', instance('data', 'postmaster.pid'))
    await waitUntilAvailable(await start())
  })

  it('ends no process of anybody else that works in a data directory, whatever the pid file says', async () => {
    const bystander: ChildProcess = spawn('sleep', ['600'], { cwd: instance('data'), stdio: 'ignore' })
    try {
      plant('rm -f "$1"; echo "$2" > "$1"', instance('data', 'postmaster.pid'), String(bystander.pid))
      await waitUntilAvailable(await start())
      expect(await instancePostmaster(dataDirectory, uid)).not.toBe(bystander.pid)
      await stop()
      expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null])
    } finally {
      const ended = once(bystander, 'exit')
      bystander.kill('SIGKILL')
      await ended
    }
  })

  it('removes what belongs to the account with the rights of the account', async () => {
    const lakegate = await start()
    const { uid: doomed } = await lakegate.admin.request<DatabaseInstance>('POST', INSTANCES, {
      name: 'doomed',
    })
    await waitUntilAvailable(lakegate, 'doomed')
    const linked = await victim('linked')
    plant('ln -s "$1" "$2"', victims, below('instances', doomed, 'data', 'link'))
    const ofRoot = path.join('data', 'of-root')
    await mkdir(below('instances', doomed, ofRoot))
    await writeFile(below('instances', doomed, ofRoot, 'kept'), 'root put this here')
    await lakegate.admin.request('DELETE', `${INSTANCES}/doomed`)
    const place = below('instances', `.deleting-${doomed}`)
    const fault = await waitFor('the fault in the log', () =>
      lakegate
        .output()
        .split('\n')
        .find((line) => line.includes('directory_not_removable')),
    )
    expect(fault).toContain(place)
    expect(await readFile(path.join(place, ofRoot, 'kept'), 'utf8')).toBe('root put this here')
    await expectUntouched(linked)
    await rm(path.join(place, ofRoot), { recursive: true })
    await waitFor(
      'the end of the directory',
      async () => !(await readdir(below('instances'))).includes(path.basename(place)),
    )
    await expectUntouched(linked)
  })

  describe('whose socket directory must be below the temporary one', () => {
    let long: string
    let temporary: string
    let wanted: string
    const environment = () => ({ LAKEGATE_DATA_DIR: long, TMPDIR: temporary })
    const stranger = () => preferAccount('nobody', undefined, () => ({ uid: 65534, gid: 65534 }))

    beforeAll(async () => {
      const home = await makeDataDirectory()
      // Too long for the sockets of clusters, and not for that of the inquiry.
      long = path.join(home, 'x'.repeat(75 - home.length - 1))
      temporary = await mkdtemp(path.join(tmpdir(), 'lakegate-temporary-'))
      await chmod(temporary, 0o1777)
      const name = createHash('sha256').update(path.join(long, 'system')).digest('hex').slice(0, 24)
      wanted = path.join(temporary, `lakegate-${name}`)
    })
    afterEach(() => rm(wanted, { recursive: true, force: true }))
    afterAll(async () => {
      await stopClusters(long)
      await removeDataDirectory(path.dirname(long))
      await rm(temporary, { recursive: true, force: true })
    })

    it('refuses a directory of another account, and leaves it to that', async () => {
      await mkdir(wanted, { mode: 0o700 })
      await chown(wanted, stranger().uid, stranger().gid)
      const { code, output } = await runToEnd(environment())
      expect([code, output]).toEqual([1, expect.stringContaining(wanted)])
      expect((await lstat(wanted)).uid).toBe(stranger().uid)
    })

    it('refuses a link, and leaves alone what it leads to', async () => {
      const target = path.join(victims, 'linked-directory')
      await mkdir(target, { mode: 0o700 })
      await symlink(target, wanted)
      const { code, output } = await runToEnd(environment())
      expect([code, output]).toEqual([1, expect.stringContaining(wanted)])
      expect([(await lstat(target)).uid, await readdir(target)]).toEqual([0, []])
    })

    it('refuses one of the right account that others can write into', async () => {
      await mkdir(wanted)
      await chown(wanted, account.uid, account.gid)
      await chmod(wanted, 0o777)
      const { code, output } = await runToEnd(environment())
      expect([code, output]).toEqual([1, expect.stringContaining(wanted)])
    })

    it('refuses a temporary directory in which everybody can replace it', async () => {
      await chmod(temporary, 0o777)
      const { code, output } = await runToEnd(environment())
      await chmod(temporary, 0o1777)
      expect([code, output]).toEqual([1, expect.stringContaining(temporary)])
    })

    it('makes it for the account alone, also when an earlier start was killed before it gave it away', async () => {
      await mkdir(wanted, { mode: 0o700 })
      const lakegate = await startLakegate({ dataDirectory: long, environment: environment() })
      const { uid: owner, mode } = await lstat(wanted)
      await lakegate.stop()
      expect([owner, mode & 0o777]).toEqual([account.uid, 0o700])
    })
  })

  describe('refuses a data directory', () => {
    it('that belongs to the account', async () => {
      const directory = await makeDataDirectory()
      await giveAway(directory)
      const { code, output } = await runToEnd({ LAKEGATE_DATA_DIR: directory })
      expect([code, output]).toEqual([1, expect.stringContaining(directory)])
      expect(await readdir(directory)).toEqual([])
      await removeDataDirectory(directory)
    })

    it('that the account could put another one in the place of', async () => {
      const parent = await makeDataDirectory()
      await giveAway(parent)
      const directory = path.join(parent, 'lakegate')
      const { code, output } = await runToEnd({ LAKEGATE_DATA_DIR: directory })
      expect([code, output]).toEqual([1, expect.stringContaining(`can change ${await realpath(parent)}`)])
      await removeDataDirectory(parent)
    })
  })

  describe('runs PostgreSQL', () => {
    const known: Readonly<Record<string, { uid: number; gid: number }>> = {
      lakegate: { uid: 900, gid: 900 },
      postgres: { uid: 101, gid: 104 },
      nobody: { uid: 65534, gid: 65534 },
      root: { uid: 0, gid: 0 },
    }
    const choose = (names: readonly string[], wanted?: string, owner?: number) =>
      preferAccount(wanted, owner, (name) => (names.includes(name) ? known[name] : undefined)).name

    it.each([
      ['as an account of its own where there is one', 'lakegate', ['nobody', 'postgres', 'lakegate']],
      ['as postgres before nobody', 'postgres', ['nobody', 'postgres']],
      ['as nobody where there is no other', 'nobody', ['nobody']],
    ])('%s', (_how, expected, names) => {
      expect(choose(names)).toBe(expected)
    })

    it('as the account that the clusters of an earlier start belong to', () => {
      expect(choose(['nobody', 'postgres', 'lakegate'], undefined, 101)).toBe('postgres')
    })

    it('as nobody else than the one that is named, and never as root', () => {
      expect(choose(['nobody', 'postgres', 'lakegate'], 'nobody', 101)).toBe('nobody')
      expect(() => choose(['root'], 'root')).toThrow('no unprivileged account root')
    })

    it('as that account at the next start too, and says what to do when another one is named', async () => {
      const directory = await makeDataDirectory()
      const other = await startLakegate({
        dataDirectory: directory,
        environment: { LAKEGATE_POSTGRES_ACCOUNT: 'nobody' },
      })
      await other.stop()
      await (await startLakegate({ dataDirectory: directory })).stop()
      const { code, output } = await runToEnd({
        LAKEGATE_DATA_DIR: directory,
        LAKEGATE_POSTGRES_ACCOUNT: account.name,
      })
      expect([code, output]).toEqual([1, expect.stringContaining(`chown -R ${account.name} ${directory}`)])
      await access(path.join(directory, 'system', 'data', 'PG_VERSION'))
      await removeDataDirectory(directory)
    })
  })
})
