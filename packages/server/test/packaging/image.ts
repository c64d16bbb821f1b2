/**
 * The image of deploy/docker without an engine: the steps of the Dockerfile, done to directories, and a root file system that has
 * nothing but the system's own programs and what the last stage copies. What runs in it runs as a container does that is started
 * with `--read-only --cap-drop ALL`: as the account of the image, in mount and process namespaces of its own, without capabilities.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from '../house/sources.ts'

const run = promisify(execFile)
const USER = 10001
const LONGEST_ANSWER = 64 * 1024 * 1024

export interface Instruction {
  readonly name: string
  readonly value: string
  /** The number of its stage, from 0. */
  readonly stage: number
}

/** Instructions with their continued lines as one, without comments. */
export function readDockerfile(): readonly Instruction[] {
  const text = readFileSync(path.join(REPOSITORY, 'deploy/docker/Dockerfile'), 'utf8')
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  let stage = -1
  return lines.map((line) => {
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    if (name === 'FROM') stage += 1
    return { name, value, stage }
  })
}

/** @returns what keeps this machine from making namespaces */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root makes them, on Linux'
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'setpriv', '--version'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  }
}

export interface Image {
  readonly directory: string
  /** Of PostgreSQL's data: what the volume of the image would be. */
  readonly volume: string
  start(command: readonly string[], environment: Readonly<Record<string, string>>): RunningContainer
  remove(): Promise<void>
}

export interface RunningContainer {
  /** That ends with the container. */
  readonly process: ChildProcess
  readonly output: () => string
  /** Sends a signal to process 1 of the container, as an engine does, and waits for the end of all of it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** The stages `dependencies` and `build`, and the copies of the last one. @throws when npm cannot have the packages */
export async function makeImage(): Promise<Image> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-image-'))
  await chmod(directory, 0o755)
  const root = path.join(directory, 'root')
  const program = path.join(directory, 'opt')
  const volume = path.join(directory, 'volume')
  await mkdir(root)
  await mkdir(volume, { mode: 0o711 })
  await chown(volume, USER, USER)
  await dependencies(path.join(directory, 'dependencies'))
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--workspace', 'packages/server', '--pack-destination', directory],
    { cwd: REPOSITORY, maxBuffer: LONGEST_ANSWER },
  )
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { readonly filename: string }>)
  await mkdir(program)
  await run('tar', [
    ...['--extract', '--gzip', '--file', path.join(directory, packed?.filename ?? '')],
    ...['--directory', program, '--strip-components', '1', '--no-same-owner'],
  ])
  await cp(path.join(directory, 'dependencies/node_modules'), path.join(program, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  await copyFile(
    path.join(REPOSITORY, 'deploy/docker/healthcheck.mjs'),
    path.join(program, 'healthcheck.mjs'),
  )
  await copyFile(process.execPath, path.join(directory, 'node'))
  await chmod(path.join(directory, 'node'), 0o755)
  await prepareRoot(root)
  return {
    directory,
    volume,
    start: (command, environment) => startIn(directory, command, environment),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

/** The stage of this name: its files copied, its RUN as it stands there. */
async function dependencies(directory: string): Promise<void> {
  const stage = readDockerfile().filter((one) => one.stage === 1)
  await mkdir(directory)
  for (const { name, value } of stage) {
    if (name === 'COPY') {
      const files = value.split(' ')
      const target = files.pop() ?? './'
      for (const file of files) {
        const to = path.join(directory, target, target.endsWith('/') ? path.basename(file) : '')
        await mkdir(path.dirname(to), { recursive: true })
        await copyFile(path.join(REPOSITORY, file), to)
      }
    }
    if (name === 'RUN') await run('sh', ['-ec', value], { cwd: directory, maxBuffer: LONGEST_ANSWER })
  }
}

/** What a slim Debian has: its own programs and libraries, empty directories, and the account that the last stage makes. */
async function prepareRoot(root: string): Promise<void> {
  for (const name of ['usr', 'etc', 'proc', 'dev', 'tmp', 'opt/lakegate', 'var/lib/lakegate', 'node'])
    await mkdir(path.join(root, name), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64'])
    if (existsSync(`/usr/${name}`)) await symlink(`usr/${name}`, path.join(root, name))
  const account = `lakegate:x:${String(USER)}:${String(USER)}::/var/lib/lakegate:/usr/sbin/nologin\n`
  await writeFile(path.join(root, 'etc/passwd'), `root:x:0:0::/root:/bin/sh\n${account}`)
  await writeFile(path.join(root, 'etc/group'), `root:x:0:\nlakegate:x:${String(USER)}:\n`)
  await writeFile(path.join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  for (const name of ['ld.so.cache', 'nsswitch.conf', 'localtime'])
    if (existsSync(`/etc/${name}`)) await copyFile(`/etc/${name}`, path.join(root, 'etc', name))
}

function startIn(
  directory: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): RunningContainer {
  const root = path.join(directory, 'root')
  const mounts = [
    'mount --make-rprivate /',
    `mount --bind '${root}' '${root}'`,
    `mount --rbind /usr '${root}/usr'`,
    `mount -t tmpfs -o mode=0755 tmpfs '${root}/dev'`,
    `for device in null zero full random urandom; do touch '${root}/dev/'$device; mount --bind /dev/$device '${root}/dev/'$device; done`,
    `mkdir '${root}/dev/shm'; mount -t tmpfs -o mode=1777 tmpfs '${root}/dev/shm'; ln -s /proc/self/fd '${root}/dev/fd'`,
    `mount -t proc proc '${root}/proc'`,
    `mount -t tmpfs -o mode=1777 tmpfs '${root}/tmp'`,
    `mount --bind '${directory}/opt' '${root}/opt/lakegate'`,
    `mount -o remount,ro,bind '${root}/opt/lakegate'`,
    `mount --bind '${directory}' '${root}/node'`,
    `mount -o remount,ro,bind '${root}/node'`,
    `mount --bind '${directory}/volume' '${root}/var/lib/lakegate'`,
    `mount -o remount,ro,bind '${root}/usr'`,
    `mount -o remount,ro,bind '${root}'`,
  ]
  const account = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups', '--no-new-privs']
  const confined = ['setpriv', ...account, '--bounding-set=-all', '--inh-caps=-all']
  const variables = Object.entries({ ...imageEnvironment(), ...environment, PATH: '/usr/bin:/bin' })
  const inside = ['env', '--ignore-environment', ...variables.map(([name, value]) => `${name}=${value}`)]
  const words = ['chroot', root, ...confined, ...inside, '/node/node', ...command]
  const script = `set -e\n${mounts.join('\n')}\nexec "$@"`
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--ipc', 'sh', '-c', script, 'sh', ...words],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let printed = ''
  const collect = (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return {
    process: child,
    output: () => printed,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        const children = readFileSync(`/proc/${String(child.pid)}/task/${String(child.pid)}/children`, 'utf8')
        process.kill(Number(children.trim().split(' ')[0]), signal)
        await ended
      }
      return child.exitCode
    },
  }
}

/** ENV of the last stage. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const instructions = readDockerfile()
  const last = Math.max(...instructions.map(({ stage }) => stage))
  return Object.fromEntries(
    instructions
      .filter(({ name, stage }) => name === 'ENV' && stage === last)
      .flatMap(({ value }) => value.trim().split(/\s+/))
      .map((assignment) => [assignment.replace(/=.*/, ''), assignment.replace(/^.*?=/, '')]),
  )
}
