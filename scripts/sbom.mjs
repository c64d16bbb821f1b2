/**
 * `node scripts/sbom.mjs [FILE]`: the software bill of materials of the package `lakegate`, as CycloneDX. npm writes it from
 * package-lock.json for everything that developers have; of that it keeps what is in the bundles (THIRD_PARTY_LICENSES.txt of the
 * program and of the console) and what is installed beside them. Needs `npm run build`.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { THIRD_PARTY_LICENCES } from './third-party-licences.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
const server = path.join(repository, 'packages/server')
const LONGEST_ANSWER = 64 * 1024 * 1024

export function billOfMaterials() {
  const { name, version, description, license } = JSON.parse(
    readFileSync(path.join(server, 'package.json'), 'utf8'),
  )
  const own = {
    'bom-ref': `${name}@${version}`,
    ...{ type: 'application', name, version, description, purl: `pkg:npm/${name}@${version}` },
    licenses: [{ license: { id: license } }],
  }
  const bill = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
      cwd: repository,
      maxBuffer: LONGEST_ANSWER,
      encoding: 'utf8',
    }),
  )
  const shipped = new Set([...bundled(), ...installed(bill, own['bom-ref'])])
  const components = bill.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
  const missing = [...shipped].filter((one) => !components.some((of) => `${of.name}@${of.version}` === one))
  if (missing.length > 0)
    throw new Error(`npm does not tell of ${missing.join(', ')}: is the build of this state?`)
  const refs = new Set(components.map((one) => one['bom-ref']))
  const within = ({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })
  return {
    ...bill,
    metadata: { ...bill.metadata, component: own },
    // Which of them npm would install only for developers says nothing about what is shipped.
    components: components.map((one) => ({ ...one, scope: 'required', properties: [] })),
    dependencies: [
      { ref: own['bom-ref'], dependsOn: [...refs] },
      ...bill.dependencies.filter(({ ref }) => refs.has(ref)).map(within),
    ],
  }
}

/** As the bundles list them: `name version (licence)`. */
function bundled() {
  return ['dist', 'console'].flatMap((folder) => {
    const text = readFileSync(path.join(server, folder, THIRD_PARTY_LICENCES), 'utf8')
    return [...text.split(/^-{100}$/m)[0].matchAll(/^ {2}(\S+) (\S+) \(/gm)].map(
      ([, name, version]) => `${name}@${version}`,
    )
  })
}

/** What npm installs with the package, on any platform. */
function installed(bill, own) {
  const manifest = JSON.parse(readFileSync(path.join(server, 'package.json'), 'utf8'))
  const direct = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
  const byRef = new Map(bill.components.map((one) => [one['bom-ref'], one]))
  const dependsOn = new Map(bill.dependencies.map(({ ref, dependsOn: refs = [] }) => [ref, refs]))
  const found = new Set()
  const look = (refs) => {
    for (const ref of refs.filter((one) => byRef.has(one) && !found.has(one))) {
      found.add(ref)
      look(dependsOn.get(ref) ?? [])
    }
  }
  look((dependsOn.get(own) ?? []).filter((ref) => direct.includes(byRef.get(ref)?.name)))
  return [...found].map((ref) => `${byRef.get(ref).name}@${byRef.get(ref).version}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = `${JSON.stringify(billOfMaterials(), null, 2)}\n`
  if (process.argv[2] === undefined) process.stdout.write(text)
  else writeFileSync(process.argv[2], text)
}
