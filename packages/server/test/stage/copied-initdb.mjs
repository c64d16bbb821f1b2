/**
 * initdb for tests (unsynced-postgres.ts): the first call with the same options really runs it, the others copy what came
 * of it, at a fifth of the cost. A copy is a cluster of its own: it gets its own system identifier, which stands in
 * pg_control (checked by a CRC-32C behind it) and in the first page of the write-ahead log (PostgreSQL sources,
 * catalog/pg_control.h and access/xlog_internal.h).
 *
 * It runs as the account that runs PostgreSQL, from a directory of the tests: it imports nothing of ours.
 */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const [initdb, templates, ...given] = process.argv.slice(2)
const options = ['--no-sync', '--set', 'fsync=off', ...given.filter((option) => option !== '--no-sync')]
const data = options.find((option) => option.startsWith('--pgdata='))?.slice('--pgdata='.length)
const run = (program, args) => spawnSync(program, args, { stdio: 'inherit' }).status ?? 1

// Nothing is to be made, or in a place that initdb refuses.
if (data === undefined || given.includes('--show') || (existsSync(data) && readdirSync(data).length > 0)) {
  process.exit(run(initdb, options))
}
const others = options.filter((option) => !option.startsWith('--pgdata='))
const key = createHash('sha256')
  .update(JSON.stringify([initdb, others, process.env['LC_ALL'], process.getuid()]))
  .digest('hex')
const template = path.join(templates, key)
if (existsSync(template)) {
  if (run('cp', ['-a', '--sparse=always', `${template}/.`, data]) !== 0) process.exit(1)
  giveIdentifier(data)
} else {
  const status = run(initdb, options)
  if (status !== 0) process.exit(status)
  keep(data, template)
}

/** Another call may be keeping the same one. */
function keep(from, to) {
  const unfinished = `${to}.${randomUUID()}`
  if (run('cp', ['-a', from, unfinished]) !== 0) process.exit(1)
  try {
    renameSync(unfinished, to)
  } catch {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function giveIdentifier(directory) {
  const identifier = randomBytes(8)
  identifier[7] &= 0x7f
  const control = path.join(directory, 'global', 'pg_control')
  const content = readFileSync(control)
  const end = findChecksum(content)
  identifier.copy(content)
  content.writeUInt32LE(crc32c(content.subarray(0, end)), end)
  writeFileSync(control, content)
  const [segment] = readdirSync(path.join(directory, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name))
  const log = path.join(directory, 'pg_wal', segment)
  const pages = readFileSync(log)
  // Behind the header that every page has: XLogPageHeaderData is 24 bytes, then comes xlp_sysid.
  identifier.copy(pages, 24)
  writeFileSync(log, pages)
}

/** ControlFileData grows from version to version; its last field is the checksum of what is before it. */
function findChecksum(content) {
  for (let end = 64; end < 512; end += 4) {
    if (crc32c(content.subarray(0, end)) === content.readUInt32LE(end)) return end
  }
  throw new Error('pg_control has no checksum')
}

function crc32c(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
