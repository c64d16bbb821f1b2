/**
 * Puts the server and the libraries that it is made of into a few files (docs/decisions/0014-bundled-program.md): Node loads
 * a thousand modules in a second of processor time, and these in a third of one. What is loaded only for some commands stays
 * apart. Types are checked by tsc, before.
 *
 * A Lakegate may be running from these files, and another build may be under way: what is the same is left alone, and what
 * differs is put in place whole.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { THIRD_PARTY_LICENCES, thirdPartyLicences } from './third-party-licences.mjs'

const server = fileURLToPath(new URL('../packages/server/', import.meta.url))
const dist = path.join(server, 'dist')

const { outputFiles, metafile } = await build({
  absWorkingDir: server,
  entryPoints: {
    main: 'src/main.ts',
    'gateway-worker': 'src/composition/gateway-worker.ts',
    testing: 'src/testing/index.ts',
  },
  outdir: dist,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  // A compiled library, which finds its binary from where it lies.
  external: ['argon2'],
  // Libraries that are not ECMAScript modules ask for Node's by `require`.
  banner: {
    js: "import { createRequire as createRequireOfPart } from 'node:module'\nconst require = createRequireOfPart(import.meta.url)",
  },
  logLevel: 'warning',
  metafile: true,
  write: false,
})
const inputs = Object.keys(metafile.inputs).map((file) => path.join(server, file))
outputFiles.push({
  path: path.join(dist, THIRD_PARTY_LICENCES),
  contents: Buffer.from(await thirdPartyLicences('The program of Lakegate', inputs)),
})

// What is imported comes before what imports it.
const isEntry = ({ path: file }) => path.dirname(file) === dist
for (const { path: file, contents } of outputFiles.sort((one, other) => isEntry(one) - isEntry(other))) {
  const found = await readFile(file).catch(() => undefined)
  if (found?.equals(contents)) continue
  await mkdir(path.dirname(file), { recursive: true })
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, contents, {
    mode: file.endsWith('.js') && isEntry({ path: file }) ? 0o755 : 0o644,
  })
  await rename(unfinished, file)
}

const kept = new Set(outputFiles.map(({ path: file }) => file))
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name)
  const isUnfinished = /\.[0-9a-f-]{36}$/.test(entry.name)
  if (entry.isFile() && !isUnfinished && !kept.has(file)) await rm(file, { force: true })
}
