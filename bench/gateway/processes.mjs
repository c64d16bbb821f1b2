// Programs that a bench starts and ends, and what the kernel says about them: processor time, memory, descriptors.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Linux counts processor time in hundredths of a second, whatever its own clock does (proc(5), sysconf(3)). */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/**
 * Starts a program that stays. Its output is kept and shown when it ends too early.
 * @returns { pid, stop(signal) }
 */
export function startProgram(command, programArguments, options = {}) {
  const child = spawn(command, programArguments, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  const collect = (chunk) => {
    output = (output + chunk.toString()).slice(-4000)
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  child.on('error', (error) => collect(`${command}: ${error.message}`))
  const isRunning = () => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid,
    isRunning,
    output: () => output,
    ended: new Promise((resolve) => child.once('close', resolve)),
    async stop(signal = 'SIGTERM') {
      if (!isRunning()) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
  }
}

/** Runs a program to its end. @returns its standard output; throws with its standard error */
export async function run(command, programArguments, options) {
  return (await runAndHear(command, programArguments, options)).output
}

/** The same. @returns { output, complaint }: what it wrote to standard output and to standard error */
export async function runAndHear(command, programArguments, { input, ...options } = {}) {
  const child = spawn(command, programArguments, {
    stdio: [input ?? 'ignore', 'pipe', 'pipe'],
    ...options,
  })
  const chunks = []
  const complaints = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => complaints.push(chunk))
  const [code, signal] = await once(child, 'close')
  const complaint = Buffer.concat(complaints).toString()
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}: ${complaint.slice(-2000)}`)
  return { output: Buffer.concat(chunks).toString(), complaint }
}

export async function waitForPort(program, host, port, name) {
  for (;;) {
    if (!program.isRunning()) throw new Error(`${name} ended:\n${program.output()}`)
    const isOpen = await new Promise((resolve) => {
      const socket = connect({ host, port }, () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await pause(50)
  }
}

/** Seconds of processor time, user and system, that these processes have taken so far, ended children included. */
export async function processorSeconds(pids) {
  const ticks = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8')
      // The name in brackets may hold spaces; fields 14 and 15 of proc(5) are numbers 11 and 12 behind it.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return Number(fields[11]) + Number(fields[12])
    }),
  )
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND
}

/** Resident bytes of these processes together. */
export async function residentBytes(pids) {
  const pages = await Promise.all(
    pids.map(async (pid) => Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1])),
  )
  return pages.reduce((sum, value) => sum + value, 0) * PAGE_BYTES
}

export async function openDescriptors(pids) {
  const counts = await Promise.all(pids.map(async (pid) => (await readdir(`/proc/${pid}/fd`)).length))
  return counts.reduce((sum, value) => sum + value, 0)
}

/** What runs Lakegate and its workers (setting `gateway-runtime`); PostgreSQL is another program. */
const RUNTIMES = ['node', 'bun']

/** The process and its workers. */
export async function processTree(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const found = await Promise.all(
    children
      .split(' ')
      .filter((child) => child !== '')
      .map(async (child) => {
        const name = await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')
        return RUNTIMES.includes(name.trim()) ? processTree(Number(child)) : []
      }),
  )
  return [pid, ...found.flat()]
}
